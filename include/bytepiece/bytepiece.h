// All of C++ but attention.h: tokenizer.h, vocab.h, sampler.h and the streams, which are
// bytepiece::bytepiece's, train.h of bytepiece::train, readers.h and id_files.h of bytepiece::corpus.
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
