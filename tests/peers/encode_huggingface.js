// encode_huggingface.js TOKENIZER.JSON FILE: the ids of each line, one line each, by Hugging Face's library.
const fs = require('fs')
const path = require('path')
let library
try { library = require('@anush008/tokenizers') } catch { library = require('tokenizers') }
const [model, file] = process.argv.slice(2)
const lines = fs.readFileSync(file, 'utf8').split('\n')
if (lines[lines.length - 1] === '') lines.pop()

async function main() {
  const tokenizer = library.Tokenizer.fromFile(path.resolve(model))
  for (let begin = 0; begin < lines.length; begin += 1000) {
    const batch = await tokenizer.encodeBatch(lines.slice(begin, begin + 1000), { addSpecialTokens: false })
    fs.writeSync(1, batch.map(e => Array.from(e.getIds()).join(' ')).join('\n') + '\n')
  }
}
main().catch(error => { console.error(String(error && error.message || error)); process.exit(1) })
