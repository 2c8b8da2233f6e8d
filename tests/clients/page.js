// Runs the script of the page /device without a browser: elements are what the script needs of them.
// Standard input: {url, fields, steps}; a step is {type: [id, text]}, "submit" or {click: id}. Prints what it shows.
'use strict'
const vm = require('vm')

class Element {
  constructor () {
    Object.assign(this, { value: '', textContent: '', hidden: false, disabled: false, listeners: {} })
  }

  addEventListener (name, listener) { this.listeners[name] = listener }
}

async function main ({ url, fields, steps }) {
  const text = await (await fetch(`${url}/device`)).text()
  const elements = Object.fromEntries([...text.matchAll(/ id="([a-z-]+)"/g)].map(([, id]) => [id, new Element()]))
  elements.deciding.hidden = true
  for (const [id, value] of Object.entries(fields)) elements[id].value = value
  const asked = []
  const page = {
    document: { getElementById: (id) => elements[id] },
    addEventListener: () => {},
    fetch: (path, options) => {
      asked.push(path)
      return fetch(url + path, { ...options, referrerPolicy: undefined })
    },
    Date
  }
  vm.runInNewContext(text.match(/<script>([^]*)<\/script>/)[1], page)
  for (const step of steps) {
    if (step === 'submit') await elements.asking.listeners.submit({ preventDefault () {} })
    else if (step.click) await elements[step.click].listeners.click()
    else elements[step.type[0]].value = step.type[1]
  }
  const shown = Object.fromEntries(Object.entries(elements).map(([id, element]) => [id, element.textContent]))
  const hidden = Object.keys(elements).filter((id) => elements[id].hidden)
  console.log(JSON.stringify({ asked, shown, hidden, password: elements.password.value }))
}

let told = ''
process.stdin.on('data', (more) => { told += more }).on('end', () => main(JSON.parse(told)))
