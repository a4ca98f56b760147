#!/bin/bash
# mpi_test.sh PROGRAM [CORPUS...]: 'PROGRAM train --mpi' under mpirun makes the bytes that 'PROGRAM train' makes,
# with several numbers of ranks and threads, in one folder of work or none, from one file, many, or too few; what
# fails ends all ranks and leaves nothing; hosts are network namespaces where this may make some.
# Without a CORPUS: on small texts and the golden cases, in seconds.
#
#   BYTEPIECE_TEST_SCALE       0: the least that makes sense (sanitizers); 10: all ranks and threads for each golden
#                              case, ten killed ranks, larger texts (ten minutes)
#   BYTEPIECE_CONFORMANCE_DIR  more golden cases, as for tests/golden_test.cc
#   MPI_TEST_OPTIONS           options of train for CORPUS
set -euo pipefail
here=$(realpath "$(dirname "$0")")
program=$(realpath "$1")
shift
corpora=()
for corpus in "$@"; do corpora+=("$(realpath "$corpus")"); done
scale=${BYTEPIECE_TEST_SCALE:-1}
kills=$((scale >= 10 ? 10 : 2))
work=$(mktemp -d)
hosts=()
clean_up() {
  for host in "${hosts[@]}"; do ip netns delete "$host" 2>/dev/null || true; done
  rm -rf "$work"
}
trap clean_up EXIT
fail() {
  echo "FAILED: $*" >&2
  if [ -s "$work/log" ]; then tail -n 20 "$work/log" >&2; fi
  exit 1
}

if ! mpirun --version 2>/dev/null | grep -q 'Open MPI'; then
  echo "skipped: mpirun is not Open MPI's, whose options this uses"
  exit 0
fi
[ "$(id -u)" != 0 ] || export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
export OMPI_MCA_mpi_yield_when_idle=1 TMPDIR=$work/tmp
# In a build with sanitizers: Open MPI leaks, in plugins that are gone by the end and so cannot be told from others.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
mkdir "$work/tmp"
cd "$work"

mpi() { # mpi N ARGUMENT... : bytepiece train --mpi ARGUMENT... on N ranks
  exec timeout 600 mpirun --oversubscribe --bind-to none -np "$1" "$program" train --mpi "${@:2}" >log 2>&1
}
ranks() { (mpi "$@"); }

# ---- The model is that of one process ----

# same NAME RANKS THREADS INPUT OPTION...: as plain.NAME.bp.
same() {
  local name=$1 n=$2 threads=$3
  shift 3
  ranks "$n" "$@" -T "$threads" -o ranks.bp || fail "$name on $n ranks"
  cmp -s "plain.$name.bp" ranks.bp || fail "$name: $n ranks with $threads threads make another model"
  rm ranks.bp
}

check() { # check NAME "RANKS..." "THREADS..." INPUT OPTION...
  local name=$1 ranks=$2 threads=$3 n t
  shift 3
  "$program" train "$@" -q -o "plain.$name.bp"
  for n in $ranks; do
    for t in $threads; do same "$name" "$n" "$t" "$@"; done
    echo "$name: $(grep -E '^[0-9]+ ranks?: ' log)"
  done
  echo "$name: the same model on $ranks ranks with $threads threads"
}

# Lines of words of a skewed distribution in two scripts.
text() { # text SEED LINES
  awk -v seed="$1" -v lines="$2" 'BEGIN {
    srand(seed)
    split("the of and to in that is was he for it with as his on be at by 我们 的 是 不 了 在 人 有 123 ==", w, " ")
    for (i = 0; i < lines; ++i) {
      line = ""
      for (j = 0; j < 12; ++j) line = line (j ? " " : "") w[1 + int(rand() * rand() * 28)] (rand() < .1 ? int(rand() * 99) : "")
      print line
    }
  }'
}

if [ $# -gt 0 ]; then
  for corpus in "${corpora[@]}"; do
    # shellcheck disable=SC2086  # several words
    check "$(basename "$corpus")" "1 2 4 7" "1 2" "$corpus" ${MPI_TEST_OPTIONS:-}
  done
  exit 0
fi

text 1 $((scale > 0 ? 20000 : 2000)) >text.txt
check text "$([ "$scale" -gt 0 ] && echo "1 2 4 7" || echo 3)" "1 2" text.txt --vocab-size 2000
check options 2 1 text.txt --vocab-size 900 --order 4 --min-count 3 --isolate-digits --no-ensure-unicode --special '<end>'
# More different n-grams than fit: what is sent and what comes goes through files.
awk 'BEGIN {
  srand(9)
  for (i = 0; i < 60000; ++i) {
    for (j = 0; j < 12; ++j) printf "%04x%s", int(rand() * 65536), j % 2 ? " " : ""
    print ""
  }
}' >numbers.txt
check files 2 1 numbers.txt --vocab-size 1000 --min-count 200 --memory 20M

# Every golden case, on other ranks and threads from one to the next; or on all.
golden_cases() { # FILE MODEL,MODEL... OPTION...
  python3 - "$@" <<'END'
import json, sys
for folder in sys.argv[1:]:
    for case in json.load(open(f"{folder}/manifest.json")):
        o, sizes = case["options"], case["options"]["max_vocab_size"]
        sizes = sorted(sizes, reverse=True) if isinstance(sizes, list) else [sizes]
        text = case["corpus"] if o["input"] == "jsonl" else case["corpus"].replace(".txt", ".lines.jsonl")
        print(f"{folder}/{text}", ",".join(f"{folder}/{model}" for model in case["models"]), "--vocab-size",
              ",".join(map(str, sizes)), "--order", o["order"], "--min-count", o["min_count"], "--max-piece-length",
              o["max_piece_length"], *["--isolate-digits"] * o["isolate_digits"], *["--no-ensure-unicode"] * (not o["ensure_unicode"]))
END
}
if [ "$scale" -gt 0 ] && command -v python3 >/dev/null; then
  folders=("$here/../data/golden/train")
  for folder in ${BYTEPIECE_CONFORMANCE_DIR:+"$BYTEPIECE_CONFORMANCE_DIR"/golden/*/train}; do folders+=("$folder"); done
  ways=("1 1" "2 2" "4 1" "7 2" "1 2" "2 1" "4 2" "7 1") # ranks and threads
  golden_cases "${folders[@]}" >cases
  number=0 compared=0
  while read -r input models options; do
    for way in "${ways[@]:$((scale >= 10 ? 0 : number++ % 8)):$((scale >= 10 ? 8 : 1))}"; do
      # shellcheck disable=SC2086  # several words
      ranks ${way% *} "$input" $options -T ${way#* } -o golden.json </dev/null || fail "golden case $models"
      for model in ${models//,/ }; do
        made=golden.json
        [ "$models" = "$model" ] || made=golden.${model##*.}.json
        cmp -s "$made" "$model" || fail "$model: another model on ${way% *} ranks with ${way#* } threads"
        rm "$made"
        compared=$((compared + 1))
      done
    done
  done <cases
  echo "golden cases: $(wc -l <cases), $compared models are the same"
fi

# Many files, one large, one that cannot be cut, an empty one; ranks with nothing to do.
mkdir many
text 5 $((scale > 0 ? 10000 : 300)) | split -l 1 -a 4 - many/
text 6 4000 >many/large.txt
text 7 500 | gzip >many/one.txt.gz
: >many/empty.txt
check many 3 2 many --vocab-size 1000 --input-format lines
check one 3 1 many/one.txt.gz --vocab-size 500
printf 'ab\n' >tiny.txt # fewer bytes than ranks
check tiny 7 1 tiny.txt --vocab-size 300

# ---- What fails ----

files() { find . -type f ! -name log ! -path './folder/*' | sort; }
nothing_left() {
  [ "$(files)" = "$before" ] || fail "$1: there is a file: $(comm -13 <(echo "$before") <(files) | head -n 3)"
}
refused() { # refused WHAT MESSAGE ARGUMENT...
  local what=$1 message=$2 begin=$SECONDS
  shift 2
  ! ranks 3 "$@" -o out.bp || fail "$what: exit status 0"
  [ $((SECONDS - begin)) -le 10 ] || fail "$what: took $((SECONDS - begin)) s"
  [ "$(grep -c '^bytepiece: ' log)" = 1 ] || fail "$what: not one message"
  grep -q "^bytepiece: .*$message" log || fail "$what: another message"
  nothing_left "$what"
}
mkdir bad
cp many/large.txt bad/
head -c 4000 many/one.txt.gz >bad/zz.txt.gz
before=$(files)
refused "a file cut off" "zz.txt.gz" bad
refused "a file that is not there" "nowhere.txt" nowhere.txt
refused "standard input" "standard input" -
refused "an empty corpus" "empty" many/empty.txt
refused "fewest tokens" "--fewest-tokens: .*one machine" text.txt --fewest-tokens
refused "special tokens" "--vocab-size: 260 .*special" text.txt --vocab-size 260 --special a --special b
refused "a folder that cannot be made" "--work-dir" text.txt --work-dir text.txt/folder
echo "what fails is said once, and nothing is left"

# ---- Folders of work ----

if [ "$scale" -gt 0 ]; then
  same text 3 1 text.txt --vocab-size 2000 --work-dir folder
  same text 2 2 text.txt --vocab-size 2000 --work-dir folder # another number of ranks, one process
  "$program" train text.txt -q --vocab-size 2000 --work-dir folder -o again.bp && cmp again.bp plain.text.bp || fail "work folder"
  rm again.bp
  echo "a folder of work: the same model, whoever goes on there"
fi

# ---- A rank that is killed ----

processes() { # the ranks of this test that have not ended; zombies have
  ps -eo pid=,stat=,comm=,args= | awk -v work="$work/" '$2 !~ /^Z/ && $3 ~ /^bytepiece/ && index($0, work) { print $1 }'
}
milliseconds() { date +%s%3N; }

# A rank that is killed while it reports to mpirun can leave that waiting for ever, with no rank alive.
end_launcher() { # end_launcher PID
  for _ in $(seq 100); do
    jobs -rp | grep -qx "$1" || return 0
    sleep 0.1
  done
  if grep -q 'PMIX ERROR' log && [ -z "$(processes)" ]; then pkill -KILL -f "mpirun .*$work/" || true; fi
}

# Kills one of the ranks of 'mpi ARGUMENT...' at some moment of the first MOST milliseconds, if it is there by then.
# The others must end within ten seconds, with one message and no file. REQUIRES: they train plain.folder.bp.
kill_one() { # kill_one MOST ARGUMENT...
  local moment=$(((RANDOM * 32768 + RANDOM) % $1)) status=0 begin took victim
  shift
  mpi "$@" &
  local run=$!
  sleep "$((moment / 1000)).$(printf %03d $((moment % 1000)))"
  begin=$(milliseconds)
  victim=$(processes | shuf -n 1)
  [ -z "$victim" ] || kill -KILL "$victim" 2>/dev/null || victim=
  end_launcher $run
  wait $run || status=$?
  if [ -z "$victim" ] || [ $status = 0 ] || grep -q 'PMIX ERROR' log; then # nobody was there yet, or any more
    rm -f out.bp
    return 1
  fi
  until [ -z "$(processes)" ]; do
    [ $(($(milliseconds) - begin)) -le 10000 ] || fail "killed after $moment ms: some are still there: $(processes)"
    sleep 0.02
  done
  took=$(($(milliseconds) - begin))
  [ $took -le 10000 ] || fail "killed after $moment ms: the others went on for $took ms"
  if [ -e out.bp ]; then # too late: the model had been written
    cmp out.bp plain.folder.bp || fail "killed after $moment ms: another model"
    rm out.bp
    nothing_left "killed after $moment ms, behind the end"
    return 1
  fi
  [ "$(grep -c 'exited on signal 9' log)" = 1 ] || fail "killed after $moment ms: not one message"
  ! grep -q '^bytepiece: ' log || fail "killed after $moment ms: another message"
  nothing_left "killed after $moment ms"
  slowest=$((took > slowest ? took : slowest))
}

kill_several() { # kill_several TIMES MOST ARGUMENT...
  local times=$1 most=$2 killed=0 tries=0
  shift 2
  slowest=0
  while [ $killed -lt "$times" ]; do
    [ $((++tries)) -le $((9 * times)) ] || fail "of $tries runs only $killed were killed in time"
    if kill_one "$most" 3 "$@" -o out.bp; then killed=$((killed + 1)); fi
  done
  echo "a rank killed at $killed moments of $most ms: all had ended within $slowest ms, and nothing was left"
}

if [ "$scale" -gt 0 ]; then
  for i in $(seq $((scale >= 10 ? 70 : 4))); do cat text.txt; done >folder.txt
  "$program" train folder.txt -q --vocab-size 2000 -o plain.folder.bp
  begin=$(milliseconds)
  same folder 3 1 "$work/folder.txt" --vocab-size 2000
  most=$(($(milliseconds) - begin))
  before=$(files)
  kill_several $kills $most "$work/folder.txt" --vocab-size 2000 -T 1

  # In a folder of work the next run goes on: what is finished stays as it is.
  finished() { find folder -type f -printf '%i %p\n' | sort; }
  rm -rf folder
  mkdir folder
  for i in $(seq $((kills / 2))); do
    until kill_one $most 3 "$work/folder.txt" --vocab-size 2000 -T 1 --work-dir folder -o out.bp; do rm -rf folder/*; done
    was_finished=$(finished)
    same folder $((1 + i % 4)) 1 "$work/folder.txt" --vocab-size 2000 --work-dir folder
    [ -z "$(comm -23 <(echo "$was_finished") <(finished))" ] || fail "work folder: what was finished is made again"
    rm -rf folder/*
  done
  echo "a rank killed in a folder of work, times $((kills / 2)): the next run goes on there"
fi

# ---- Hosts with addresses of their own ----

name=bp$$
if [ "$scale" = 0 ]; then exit 0; fi
hosts=("$name-1" "$name-2" "$name-3") # gone again at the end
make_hosts() {
  local host i
  [ "$(id -u)" = 0 ] || return 1
  for host in "${hosts[@]}"; do ip netns add "$host" && ip -n "$host" link set lo up || return 1; done
  # The first is the switch, too: a bridge with a cable to each of the others.
  ip -n "$name-1" link add bridge type bridge && ip -n "$name-1" address add 10.77.0.1/24 dev bridge &&
    ip -n "$name-1" link set bridge up || return 1
  for i in 2 3; do
    ip link add cable$i netns "$name-1" type veth peer name cable netns "$name-$i" &&
      ip -n "$name-1" link set cable$i master bridge up &&
      ip -n "$name-$i" address add 10.77.0.$i/24 dev cable && ip -n "$name-$i" link set cable up || return 1
  done
  ip netns exec "$name-1" unshare --uts true
}
if ! make_hosts 2>/dev/null; then
  echo "separate hosts: skipped, network namespaces cannot be made or entered here"
  exit 0
fi
cat >on_host <<END
#!/bin/bash
# on_host ADDRESS COMMAND: what ssh does, for namespaces
i=\${1##*.}
shift
exec ip netns exec $name-\$i unshare --uts bash -c "hostname $name-\$i; \$*"
END
chmod +x on_host
timeout 600 ./on_host 10.77.0.1 mpirun --mca plm_rsh_agent "$work/on_host" --mca btl tcp,self \
  --mca btl_tcp_if_include 10.77.0.0/24 --mca oob_tcp_if_include 10.77.0.0/24 \
  --host 10.77.0.1:2,10.77.0.2:1,10.77.0.3:2 --bind-to none -np 5 \
  "$program" train --mpi "$work/text.txt" --vocab-size 2000 -T 1 -o "$work/hosts.bp" >log 2>&1 || fail "three hosts"
cmp hosts.bp plain.text.bp || fail "three hosts make another model"
echo "three hosts of two, one and two ranks: the same model; $(ip netns exec "$name-2" cat /sys/class/net/cable/statistics/rx_bytes) bytes came to the second"
