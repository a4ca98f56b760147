// Everything: bytepiece::bytepiece needs vocab.h and tokenizer.h only, training also train.h, and
// reading files readers.h.
#pragma once

#include <bytepiece/corpus.h>
#include <bytepiece/encode_stream.h>
#include <bytepiece/random.h>
#include <bytepiece/readers.h>
#include <bytepiece/sampler.h>
#include <bytepiece/tokenizer.h>
#include <bytepiece/train.h>
#include <bytepiece/types.h>
#include <bytepiece/vocab.h>
