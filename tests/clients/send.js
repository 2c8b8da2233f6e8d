// Sends one file with tus-js-client as it comes. Arguments: endpoint, token, file, name.
const fs = require('fs')
const tus = require('tus-js-client')

const [endpoint, token, file, name] = process.argv.slice(2)
const upload = new tus.Upload(fs.createReadStream(file), {
  endpoint,
  headers: { Authorization: `Bearer ${token}` },
  metadata: { filename: name, filetype: 'application/octet-stream', class: 'pleadings' },
  onError(error) {
    console.error(String(error))
    process.exit(1)
  },
  onSuccess() {
    console.log(upload.url)
  },
})
upload.start()
