// Everything: bytepiece::bytepiece needs tokenizer.h, vocab.h and the streams only, training also train.h, and
// reading and writing files readers.h and id_files.h.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/decode_stream.h>
#include <bytepiece/encode_stream.h>
#include <bytepiece/id_files.h>
#include <bytepiece/random.h>
#include <bytepiece/readers.h>
#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>
#include <bytepiece/train.h>
#include <bytepiece/types.h>
#include <bytepiece/utf8_stream.h>
#include <bytepiece/vocab.h>
