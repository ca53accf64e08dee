#!/usr/bin/env bash
# The workloads of real-programs.sh: a function each, which writes the same to standard output in every run. As a program: workloads.sh NAME runs one
# in the current folder, which is empty. What a workload needs stands in `needs`, what takes long in `slow`.

workloads=(small-true small-echo small-ls small-cat small-sort small-grep small-sed small-awk small-date small-find small-bash small-perl small-git small-sqlite small-openssl
  bash coreutils text-tools archives openssl perl git gcc g++ cmake node sqlite3 redis java javac
  python python-json python-threading python-multiprocessing dotnet-library dotnet-build)

# Programs of a few milliseconds, run without a shell: what a process costs.
declare -A small=([small-true]=/bin/true [small-echo]='/bin/echo hello' [small-ls]='ls -l --time-style=+ /usr/bin' [small-cat]='cat /etc/passwd' [small-sort]='sort /etc/passwd'
  [small-grep]='grep -c root /etc/passwd' [small-sed]='sed s/root/toor/ /etc/passwd' [small-awk]='awk -F: {print$1} /etc/passwd' [small-date]='date -d 2020-01-01 +%F'
  [small-find]='find /usr/include -name std*.h' [small-bash]='bash -c echo' [small-perl]='perl -e print(42)' [small-git]='git --version' [small-sqlite]='sqlite3 :memory: select(42);'
  [small-openssl]='openssl version')
declare -A needs=([small-perl]=perl [small-git]=git [small-sqlite]=sqlite3 [small-openssl]=openssl [openssl]=openssl [perl]=perl [git]=git [gcc]=gcc [g++]=g++ [cmake]='cmake g++ make' [node]=node
  [sqlite3]=sqlite3 [redis]='redis-server redis-benchmark redis-cli' [java]='java javac' [javac]=javac [archives]='tar gzip xz' [python]=python3 [dotnet-library]='dotnet git' [dotnet-build]='dotnet git')
declare -A slow=([python-multiprocessing]=1 [dotnet-library]=1 [dotnet-build]=1)
repository=${REAL_PROGRAMS_REPOSITORY:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}

# A python that has its own tests; many distributions leave them out, and 3.11 and 3.12 have a test package that their own runner does not find.
python_with_tests() {
  local candidate folder
  for candidate in ${PYTHON:-} $(command -v python3) "$HOME"/.pyenv/versions/3.*/bin/python3; do
    folder=$("$candidate" -c 'import os, test.test_json, test.test_threading; print(os.path.dirname(test.__file__))' 2>/dev/null) || continue
    [ -e "$folder/test_multiprocessing_fork.py" ] || [ -d "$folder/test_multiprocessing_fork" ] || continue
    "$candidate" -m test -h >/dev/null 2>&1 && { echo "$candidate"; return; }
  done
}

# Why a workload cannot run here; nothing if it can.
workload_absence() {
  local program
  case $1 in python-*) [ -n "$(python_with_tests)" ] || echo 'no python3 with its own tests'; return ;; esac
  for program in ${needs[$1]:-}; do
    command -v "$program" >/dev/null || { echo "no $program"; return; }
  done
}

bash() {
  command bash -c '
    declare -A words; text=""
    for ((i = 0; i < 40000; i++)); do words[key$((i * 7919 % 5003))]+="$i,"; done
    for key in "${!words[@]}"; do echo "$key ${words[$key]}"; done | sort | sha256sum
    for ((i = 0; i < 3000; i++)); do text="$text line $i"; part=${text: -200}; [[ $part == *$i ]] && : "${part//line/word}"; done; echo "${#text}"
    for i in {1..200}; do (echo "$i" | tr 0-9 a-j); done | sha256sum
    list=($(seq 1 20000)); for i in {1..50}; do list=("${list[@]:10}" x); done; echo "${#list[@]} ${list[5]}"'
}

coreutils() {
  seq 1 300000 | shuf --random-source=<(yes) >numbers
  sort -n numbers | sha256sum
  sort --parallel=2 -S 8M numbers | uniq -c | tail -n 3
  tac numbers | cut -c 1-3 | sort | uniq -c | sort -rn | head -n 5
  split -l 10000 numbers part-; cat part-* | md5sum; wc part-a? | tail -n 1
  join <(seq 1 20000 | sort) <(seq 2 3 40000 | sort) | wc -l
  paste numbers <(rev numbers) | head -n 2000 | expand | fold -w 30 | nl | tail -n 2
  factor $(seq 1000000000 1000000200) | sha256sum
  find /usr/include -name '*.h' | sort | xargs -n 50 wc -c | tail -n 1
  ls -lR --time-style=+ /usr/share/doc 2>/dev/null | sha256sum
  du -a /usr/include | sort -k 2 | sha256sum; base64 numbers | b2sum; tsort <(seq 1 2000 | xargs -n 2) | wc -l
}

text-tools() {
  seq 1 200000 | awk '{ count[$1 % 1000] += $1; text = text (NR % 5000 ? "" : $1 ",") } END { for (i = 0; i < 1000; i += 100) print i, count[i]; print text }'
  seq 1 200000 | sed -E 's/([0-9])([0-9]+)/\2-\1/; /77/d; s/9/nine/g' | sha256sum
  grep -rhE '^#define [A-Z_]+ +[0-9]+' /usr/include 2>/dev/null | sort | sha256sum
  seq 1 100000 >one; seq 1 3 100000 >three; diff one three | wc -l
}

archives() {
  tar cf headers.tar --sort=name --mtime=@0 --owner=0 --group=0 -C /usr/include . 2>/dev/null; sha256sum <headers.tar
  head -c 20000000 headers.tar >part; gzip -n -9 <part | sha256sum; xz -T 2 -3 <part | xz -d | sha256sum; tar tf headers.tar | sort | sha256sum
}

openssl() {
  seq 1 500000 >data
  for digest in sha256 sha512 sha3-256 blake2b512; do command openssl dgst -$digest data; done
  command openssl enc -aes-256-cbc -pbkdf2 -pass pass:x -S 0102030405060708 -in data | sha256sum
  for i in 1 2 3; do command openssl genrsa 2048 2>/dev/null >key && command openssl rsa -in key -check -noout 2>&1 | tail -n 1; done
}

perl() {
  command perl -e '
    use strict; my (%h, @a); srand 42;
    for my $i (1 .. 300000) { my $k = "key" . ($i * 7919 % 50021); $h{$k} .= chr(97 + $i % 26); push @a, [$i, $k] if $i % 3 == 0; }
    print join(",", map { "$_=$h{$_}" } (sort keys %h)[0 .. 20]), "\n";
    my @sorted = sort { $a->[1] cmp $b->[1] or $a->[0] <=> $b->[0] } @a; print scalar(@sorted), " $sorted[777][1]\n";
    my $text = join " ", map { $_->[1] } @a; my $n = () = $text =~ /key(\d)\1/g; (my $t = $text) =~ s/key(\d+)/<$1>/g; print "$n ", length $t, "\n";
    for (1 .. 20) { my @copy = map { { id => $_->[0], name => $_->[1] } } @a[0 .. 20000]; undef @copy; } print "done\n";'
}

git() {
  export GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 HOME=$PWD
  export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
  command git init -q -b main repo && cd repo || return
  for i in $(seq 1 60); do
    seq $((i * 7)) $((i * 7 + 3000)) >file$((i % 12)); mkdir -p d$((i % 5)); seq 1 $((i * 50)) >d$((i % 5))/data; command git add -A; command git commit -qm "commit $i"
  done
  command git log --stat --format='%H %s' | sha256sum; command git log -p | sha256sum; command git blame file3 | sha256sum; command git diff HEAD~40 --stat | tail -n 1
  command git -c gc.auto=0 -c pack.threads=2 gc -q --prune=now --aggressive; command git count-objects -v | grep -E '^(count|in-pack|packs):'
  command git fsck --full 2>&1; cd ..; command git clone -q --no-local repo copy && command git -C copy rev-parse HEAD; command git -C copy grep -c 123 | sha256sum
}

gcc() {
  cp "$repository"/tests/HakMem.Preload.Tests/Native/*.[ch] "$repository"/src/HakMem.Preload/hakmem.h . && sed -i 's|"[./]*src/HakMem.Preload/hakmem.h"|"hakmem.h"|' interface.c
  for source in interface fuzz life; do command gcc -std=gnu17 -O2 -g -pthread -fno-builtin -w -c $source.c -o $source.o && sha256sum $source.o; done
  command gcc -pthread -o fuzz fuzz.o -ldl && ./fuzz --seconds 1 --threads 1 | grep -o 'no fault'
  command gcc -O2 -flto -w -pthread -o interface interface.c -ldl && env -u HAKMEMTEST_EXPECT ./interface realloc_edges && echo linked
}

g++() {
  cat >program.cpp <<'CPP'
#include <algorithm>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <unordered_map>
#include <vector>
template <int N> struct Sum { static constexpr long value = N + Sum<N - 1>::value; };
template <> struct Sum<0> { static constexpr long value = 0; };
int main()
{
    std::map<std::string, std::vector<std::shared_ptr<std::string>>> words;
    std::unordered_map<int, std::function<int(int)>> functions;
    for (int i = 0; i < 200000; i++) words["k" + std::to_string(i * 7919 % 997)].push_back(std::make_shared<std::string>(i % 50, 'x'));
    for (int i = 0; i < 1000; i++) functions[i] = [i](int x) { return x * i; };
    long total = 0;
    for (auto &[key, list] : words) for (auto &word : list) total += word->size() + functions[total % 1000](1) % 3;
    std::regex pattern("k([0-9])\\1");
    std::cout << total << " " << Sum<800>::value << " " << std::count_if(words.begin(), words.end(), [&](auto &pair) { return std::regex_match(pair.first, pattern); }) << "\n";
}
CPP
  command g++ -std=c++17 -O2 -c program.cpp -o program.o && sha256sum program.o && command g++ -o program program.o && ./program
}

cmake() {
  cp "$repository"/tests/HakMem.Preload.Tests/Native/{memory,misuse}.c "$repository"/tests/HakMem.Preload.Tests/Native/check.h .
  printf 'int five() { return 5; }\n' >five.cpp; printf '#include <cstdio>\nint five();\nint main() { std::printf("%%d\\n", five()); }\n' >main.cpp
  printf 'cmake_minimum_required(VERSION 3.10)\nproject(sample C CXX)\nadd_library(five five.cpp)\nadd_executable(sample main.cpp)\ntarget_link_libraries(sample five)\nfind_package(Threads REQUIRED)\nadd_executable(misuse misuse.c)\ntarget_link_libraries(misuse Threads::Threads ${CMAKE_DL_LIBS})\n' >CMakeLists.txt
  command cmake -S . -B build -DCMAKE_BUILD_TYPE=Release >configured 2>&1; echo "configured: $?"
  command cmake --build build -j 2 >built 2>&1; echo "built: $?"; ./build/sample; grep -E 'CMAKE_(C|CXX)_COMPILER:|CMAKE_BUILD_TYPE' build/CMakeCache.txt
}

node() {
  command node -e '
    const { Worker, isMainThread } = require("worker_threads"), crypto = require("crypto"), zlib = require("zlib");
    const rows = []; for (let i = 0; i < 100000; i++) rows.push({ id: i, name: "n" + (i * 7919 % 5003), tags: ["a" + i % 7, "b" + i % 11] });
    const text = JSON.stringify(rows), again = JSON.parse(text); console.log(text.length, again.length, crypto.createHash("sha256").update(text).digest("hex"));
    let sum = 0; for (let i = 0; i < 3000; i++) { const b = Buffer.alloc(1 + i * 37 % 100000, i & 255); sum += b[b.length >> 1]; } console.log(sum);
    console.log(zlib.gunzipSync(zlib.gzipSync(text)).length, zlib.brotliDecompressSync(zlib.brotliCompressSync(text.slice(0, 1000000), { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 5 } })).length);
    const code = "const { parentPort, workerData } = require(\"worker_threads\"); const m = new Map(); for (let i = 0; i < 200000; i++) m.set(\"k\" + i % 9973, (m.get(\"k\" + i % 9973) || \"\") + i % 10); parentPort.postMessage([workerData, m.size, m.get(\"k\" + workerData).length]);";
    Promise.all([1, 2, 3, 4].map(n => new Promise((yes, no) => { const w = new Worker(code, { eval: true, workerData: n }); w.on("message", yes); w.on("error", no); }))).then(all => console.log(JSON.stringify(all)));'
}

sqlite3() {
  command sqlite3 data.db '
    create table t(id integer primary key, name text, value real, data blob);
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 200000) insert into t select i, "name" || (i * 7919 % 5003), i * 0.5, zeroblob(i % 40) from n;
    create index by_name on t(name); select name, count(*), sum(value) from t group by name order by 3 desc limit 5;
    update t set value = value * 2 where id % 3 = 0; delete from t where id % 7 = 0; select count(*), sum(value), sum(length(data)) from t;
    select a.name, count(*) from t a join t b on a.name = b.name where a.id < 3000 group by 1 order by 2 desc, 1 limit 5; vacuum; pragma integrity_check;'
  command sqlite3 data.db .dump | sha256sum
}

redis() {
  redis-server --port 0 --unixsocket "$PWD/s" --save '' --daemonize no --dir "$PWD" --io-threads 2 >log 2>&1 & local server=$!
  for _ in $(seq 1 100); do redis-cli -s s ping 2>/dev/null | grep -q PONG && break; sleep 0.1; done
  redis-benchmark -s s -n 40000 -c 20 -P 8 -d 200 -q -t set,get,incr,lpush,rpush,lpop,sadd,hset,zadd,lrange_100,mset >benchmark 2>&1; echo "benchmark: $?"
  tr '\r' '\n' <benchmark | grep -oE '^[A-Z][A-Z_0-9 ()a-z]*: ' | sort -u
  for i in $(seq 1 3000); do echo "set k$i $(printf '%*s' $((i % 500)) | tr ' ' v)"; done | redis-cli -s s >/dev/null
  redis-cli -s s eval 'local n = 0 for _, k in ipairs(redis.call("keys", "k[0-9]*")) do n = n + #redis.call("get", k) end return n' 0
  redis-cli -s s llen mylist; redis-cli -s s get key:__rand_int__ | head -c 20; echo; redis-cli -s s flushall; redis-cli -s s dbsize
  redis-cli -s s shutdown nosave 2>/dev/null; wait $server; echo "server: $?"
}

java_source() {
  cat >Program.java <<'JAVA'
import java.util.*;
import java.util.concurrent.*;
import java.util.stream.*;
public class Program
{
    record Item(int id, String name) { }
    public static void main(String[] arguments) throws Exception
    {
        Map<String, List<Item>> items = new TreeMap<>();
        for (int i = 0; i < 300000; i++) items.computeIfAbsent("k" + i * 7919L % 5003, key -> new ArrayList<>()).add(new Item(i, "n" + i));
        System.out.println(items.size() + " " + items.values().stream().mapToLong(List::size).max().getAsLong());
        ExecutorService pool = Executors.newFixedThreadPool(4);
        List<Future<Long>> sums = new ArrayList<>();
        for (int t = 0; t < 8; t++) { int n = t; sums.add(pool.submit(() -> IntStream.range(0, 200000).mapToObj(i -> "x" + i * n).filter(s -> s.hashCode() % 3 == 0).count())); }
        for (Future<Long> sum : sums) System.out.println(sum.get());
        pool.shutdown();
        java.util.zip.Deflater deflater = new java.util.zip.Deflater();
        deflater.setInput(items.toString().getBytes()); deflater.finish();
        byte[] buffer = new byte[1 << 16]; long total = 0; while (!deflater.finished()) total += deflater.deflate(buffer);
        System.out.println(total);
    }
}
JAVA
}
javac() { java_source; command javac -d classes Program.java && find classes -type f | sort | xargs sha256sum; }
java() { java_source; command javac -d classes Program.java && command java -Xmx256m -cp classes Program; }

python() {
  PYTHONMALLOC=malloc PYTHONHASHSEED=0 python3 -c '
import hashlib, json, random, re, threading, zlib
random.seed(7)
rows = [{"id": i, "name": "n%d" % (i * 7919 % 5003), "tags": ["a%d" % (i % 7)] * (i % 5)} for i in range(60000)]
text = json.dumps(rows); print(len(text), hashlib.sha256(text.encode()).hexdigest(), len(json.loads(text)))
words = {}
for word in re.findall(r"n\d+", text): words[word] = words.get(word, 0) + 1
print(sorted(words.items(), key=lambda p: (-p[1], p[0]))[:5])
print(len(zlib.decompress(zlib.compress(text.encode()))), sum(len(str(2 ** n)) for n in range(0, 4000, 7)))
found = []
def work(n):
    data = [bytes([n]) * (i % 3000) for i in range(20000)]; found.append((n, sum(map(len, data))))
threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
[t.start() for t in threads]; [t.join() for t in threads]; print(sorted(found))'
}

python_test() {
  local python; python=$(python_with_tests)
  PYTHONMALLOC=malloc "$python" -m test "$1" >log 2>&1; local code=$?
  cat log >&2; grep -oiE 'result: *[A-Z]+' log | tail -n 1; return $code
}
python-json() { python_test test_json; }
python-threading() { python_test test_threading; }
python-multiprocessing() { python_test test_multiprocessing_fork; }

dotnet_built() {
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
  command git clone -q "$repository" clone && cd clone && command git checkout -q --detach "${REAL_PROGRAMS_COMMIT:-HEAD}" || return   # assemblies hold the commit's id
  dotnet build "$1" -c Release -m:1 -p:UseSharedCompilation=false -p:ContinuousIntegrationBuild=true >../build.log 2>&1; local code=$?
  cat ../build.log >&2; grep -E 'Warning\(s\)|Error\(s\)' ../build.log; find . -path "*/bin/*" -iname "hakmem*.dll" | sort | xargs sha256sum; return $code
}
dotnet-library() { dotnet_built src/HakMem/HakMem.csproj; }
dotnet-build() { dotnet_built HakMem.sln; }

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  [ $# -eq 1 ] && [[ " ${workloads[*]} " == *" $1 "* ]] || { echo "usage: workloads.sh ${workloads[*]}" >&2; exit 2; }
  "$1"
fi
