// hf_tokenizer.js train bpe|unigram CORPUS OUT.json     the trainer's own settings: BPE 30000 entries, Unigram 8000
// hf_tokenizer.js count MODEL.json TEXT                  prints the tokens of all lines
// Needs the node package tokenizers.
const fs = require('fs')
const path = require('path')
const tokenizers = require('tokenizers')

function train(kind, corpus, out) {
  const tokenizer = new tokenizers.Tokenizer(kind === 'bpe' ? tokenizers.BPE.empty() : tokenizers.Unigram.empty())
  tokenizer.setPreTokenizer(tokenizers.byteLevelPreTokenizer(false, true))
  tokenizer.train([corpus])
  tokenizer.save(out)
  addMissingBytes(out)
}

// The trainers leave out bytes that the corpus lacks: BPE drops them from texts without a word, Unigram fails.
function addMissingBytes(file) {
  const saved = JSON.parse(fs.readFileSync(file, 'utf8'))
  const vocab = saved.model.vocab
  const entries = new Set(Array.isArray(vocab) ? vocab.map(([piece]) => piece) : Object.keys(vocab))
  const printable = b => (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174
  let next = 256
  for (let byte = 0; byte < 256; ++byte) {
    const character = String.fromCharCode(printable(byte) ? byte : next++)
    if (entries.has(character)) continue
    if (Array.isArray(vocab)) vocab.push([character, -20])
    else vocab[character] = Object.keys(vocab).length
  }
  fs.writeFileSync(file, JSON.stringify(saved))
}

async function count(model, file) {
  const tokenizer = tokenizers.Tokenizer.fromFile(path.resolve(model))
  const lines = fs.readFileSync(file, 'utf8').split('\n')
  if (lines[lines.length - 1] === '') lines.pop()
  const encodings = await tokenizer.encodeBatch(lines, { addSpecialTokens: false })
  console.log(encodings.reduce((sum, encoding) => sum + encoding.getIds().length, 0))
}

const [command, ...rest] = process.argv.slice(2)
if (command === 'train' && rest.length === 3) {
  train(...rest)
} else if (command === 'count' && rest.length === 2) {
  count(...rest).catch(error => { console.error(String(error.message || error)); process.exit(1) })
} else {
  console.error('usage: hf_tokenizer.js train bpe|unigram CORPUS OUT.json | count MODEL.json TEXT')
  process.exit(2)
}
