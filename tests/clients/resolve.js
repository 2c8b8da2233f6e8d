// Loaded before a client: `localhost` is where REDWELL_TEST_ADDRESS says, as /etc/hosts might.
const dns = require('dns')

const lookup = dns.lookup
dns.lookup = (name, options, callback) =>
  lookup(name === 'localhost' ? process.env.REDWELL_TEST_ADDRESS : name, options, callback)
