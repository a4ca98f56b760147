"""encode_sentencepiece.py MODEL FILE: the ids of each line, one line each, by the SentencePiece library."""
import sys
import sentencepiece

processor = sentencepiece.SentencePieceProcessor(model_file=sys.argv[1])
with open(sys.argv[2], encoding="utf-8", newline="\n") as lines:
    for line in lines:
        print(*processor.encode(line.rstrip("\n")))
