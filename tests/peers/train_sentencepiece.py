"""train_sentencepiece.py TEXT PREFIX SIZE: a Unigram model with byte fallback that leaves texts as they are."""
import sys
import sentencepiece

sentencepiece.SentencePieceTrainer.train(
    input=sys.argv[1], model_prefix=sys.argv[2], vocab_size=int(sys.argv[3]), model_type="unigram",
    byte_fallback=True, normalization_rule_name="identity", add_dummy_prefix=False,
    remove_extra_whitespaces=False, split_by_unicode_script=False, split_by_whitespace=False,
    split_by_number=False, allow_whitespace_only_pieces=True, hard_vocab_limit=False, num_threads=1)
