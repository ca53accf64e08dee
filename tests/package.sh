#!/usr/bin/env bash
# Makes fresh projects outside the repository that use the package, and prints a table of what they did: case, expectation, result; the last line counts them.
# Cases that need a pack that no source has, or a linker that is not here (ReadyToRun, trimming, native AOT), are shown as not run.
set -uo pipefail

usage() {
  cat <<'TEXT'
usage: tests/package.sh [PACKAGE]
  PACKAGE    a file HakMem.VERSION.nupkg to check (default: one that is packed from a copy of the sources)
  --help     this text
HAKMEMTEST_KEEP=1 keeps the folder with the projects and all output.
Exit code: 0 no case failed; 1 one failed; 2 unusable arguments.
TEXT
}

refuse() { usage >&2; echo "error: $*" >&2; exit 2; }

[ $# -le 1 ] || refuse "there is one package to check, not $#"
case ${1-} in
  --help|-h) usage; exit 0 ;;
  -*) refuse "there is no option '$1'" ;;
esac
[ $# -eq 0 ] || [ -f "$1" ] || refuse "there is no package '$1'"

repository=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hakmem-package.XXXXXX")
log="$work/log.txt"
shared_packages="${NUGET_PACKAGES:-$HOME/.nuget/packages}"

# Nothing of the caller's own choice of flavor, or of the build that may have started this, reaches the projects.
for variable in $(compgen -e | grep -iE '^(hakmem|msbuild|dotnet_host_path|vstest)' | grep -v '^HAKMEMTEST_'); do unset "$variable"; done
unset NUGET_PACKAGES Configuration CI
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en DOTNET_DbgEnableMiniDump=0

# One compiler serves all builds, found by the folder for temporary files; it ends with this script.
export UseSharedCompilation=true TMPDIR="$work/tmp"
mkdir -p "$TMPDIR"

finish() {
  (cd / && dotnet build-server shutdown --vbcscompiler) > /dev/null 2>&1
  if [ -n "${HAKMEMTEST_KEEP:-}" ]; then echo "kept: $work"; else rm -rf "$work"; fi
}
trap finish EXIT

# ---- the table ---------------------------------------------------------------------------------------------------------------------------

passed=0 failed=0 not_run=0
row() { printf '%-58s | %-44s | %s\n' "$1" "$2" "$3"; }
pass() { passed=$((passed + 1)); if [ ${#2} -gt 44 ]; then row "$1" "${2:0:41}..." "ok"; else row "$1" "$2" "ok"; fi; }
fail() { failed=$((failed + 1)); row "$1" "$2" "FAILED: $3"; }
skip() { not_run=$((not_run + 1)); row "$1" "$2" "NOT RUN: $3"; }

# case, expected, actual
equal() { if [ "$2" = "$3" ]; then pass "$1" "${2:-nothing}"; else fail "$1" "${2:-nothing}" "${3:-nothing}"; fi; }

# case, expectation, text that must be in the last output
said() { if grep -qE -- "$3" "$work/last.txt"; then pass "$1" "$2"; else fail "$1" "$2" "$(grep -E 'error|warning' "$work/last.txt" | head -n 1 | cut -c 1-200)"; fi; }
silent() { if grep -qE -- "$3" "$work/last.txt"; then fail "$1" "$2" "$(grep -E -- "$3" "$work/last.txt" | head -n 1 | cut -c 1-200)"; else pass "$1" "$2"; fi; }

# Runs the SDK; its output is the last output, and is added to the log.
sdk() {
  echo "\$ dotnet $*" >> "$log"
  dotnet "$@" > "$work/last.txt" 2>&1
  local status=$?
  cat "$work/last.txt" >> "$log"
  return $status
}
build() { sdk build -v quiet -nologo "$@"; }

# What a program says of itself; the program's own failure stands in its place.
answer() { dotnet "$1" 2>&1 | head -n 1; }
field() { cut -d '|' -f "$2" <<< "$1"; }

# ---- the package -------------------------------------------------------------------------------------------------------------------------

copy_sources() {   # folder
  mkdir -p "$1"
  (cd "$repository" && tar -c --exclude=bin --exclude=obj src README.md LICENSE global.json .editorconfig Directory.*.props Directory.*.targets) | tar -x -C "$1"
}

if [ $# -gt 0 ]; then
  package=$(realpath "$1") || exit 1
  version=$(basename "$package" .nupkg); version=${version#HakMem.}
  mkdir -p "$work/feed" && cp "$package" "$work/feed/" || exit 1
else
  # The analyzers judge the sources in the repository's own build, not here again.
  version="0.1.0-test.$(date +%s)"   # in no folder of packages yet
  copy_sources "$work/sources"
  cd "$work/sources" || exit 1
  if ! sdk pack src/HakMem -c Release -v quiet -nologo -o "$work/feed" "-p:Version=$version" -p:RunAnalyzers=false; then cat "$work/last.txt"; echo "0 passed, 1 failed: the package cannot be made"; exit 1; fi
fi

# A packages folder of their own, so that nothing stale is used; packs of the SDK may come from the user's.
fallback="<add key=\"shared\" value=\"$shared_packages\" />"
[ -d "$shared_packages" ] && [ ! -d "$shared_packages/hakmem/$version" ] || fallback=""
settings() {   # folder, what comes before the feed
  mkdir -p "$1"
  cat > "$1/nuget.config" <<END
<configuration>
  <config><add key="globalPackagesFolder" value="$work/packages" /></config>
  <fallbackPackageFolders><clear />$fallback</fallbackPackageFolders>
  <packageSources>$2<add key="hakmem-feed" value="$work/feed" /></packageSources>
</configuration>
END
}
settings "$work/projects" "<clear />"
settings "$work/ahead" ""      # with the user's sources, for the packs of the SDK

projects="$work/projects"

# folder, properties, references
project() {
  mkdir -p "$1"
  cat > "$1/$(basename "$1").csproj" <<END
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <Nullable>enable</Nullable>
    <AllowUnsafeBlocks>true</AllowUnsafeBlocks>
    $2
  </PropertyGroup>
  <ItemGroup>$3</ItemGroup>
</Project>
END
}
reference="<PackageReference Include=\"HakMem\" Version=\"[$version]\" />"

# A program that uses both allocators and says what they are: flavor | features | own flavor | own features | own budget
program() {
  cat > "$1/Program.cs" <<'END'
using System;
using HakMem;
using HakMem.Boxes;

unsafe
{
    void*[] blocks = new void*[1000];
    for (uint i = 0; i < blocks.Length; i++) blocks[i] = i % 2 == 0 ? HakMemory.AllocZeroed(i) : Own.Alloc(i);
    for (uint i = 0; i < blocks.Length; i++) { if (i % 2 == 0) HakMemory.Free(blocks[i]); else Own.Free(blocks[i]); }
    Console.WriteLine($"{HakMemory.BuildFlavor}|{string.Join(", ", HakMemory.Features)}|{Own.BuildFlavor}|{Own.Features}|{Budget<Own.Config>()}");
}

static uint Budget<TConfig>() where TConfig : struct, IAllocatorConfig => TConfig.PrefillBudget;

/// <summary>An allocator of the project's own.</summary>
[HakMemAllocator]
internal static unsafe partial class Own;
END
}

row "case" "expectation" "result"
project "$projects/App" "<OutputType>Exe</OutputType>" "$reference"
program "$projects/App"
cd "$projects/App" || exit 1
build -c Release || { cat "$work/last.txt"; echo "0 passed, 1 failed: a project that uses the package does not build"; exit 1; }
app=bin/Release/net10.0/App.dll
content="$work/packages/hakmem/$version"

for file in lib/net10.0/HakMem.dll lib/net10.0/HakMem.xml lib/net10.0/HakMem.Boxes.dll lib/net10.0/HakMem.Boxes.xml \
  flavors/profile/net10.0/HakMem.dll flavors/debug/net10.0/HakMem.dll flavors/hardened/net10.0/HakMem.dll \
  analyzers/dotnet/cs/HakMem.Generators.dll analyzers/dotnet/cs/HakMem.Analyzers.dll \
  buildTransitive/HakMem.props buildTransitive/HakMem.targets buildTransitive/HakMem.Package.targets README.md LICENSE icon.png; do
  [ -s "$content/$file" ] || missing="${missing:-}$file "
done
equal "package: files that are missing" "" "${missing:-}"
equal "package: dependencies" 0 "$(grep -c '<dependency ' "$content/hakmem.nuspec")"
hash_of() { sha256sum "$1" | cut -d ' ' -f 1; }
equal "package: different assemblies HakMem.dll" 4 "$(for file in "$content"/lib/net10.0/HakMem.dll "$content"/flavors/*/net10.0/HakMem.dll; do hash_of "$file"; done | sort -u | wc -l)"
if [ $# -eq 0 ]; then
  copy_sources "$work/elsewhere/and/deeper"
  (cd "$work/elsewhere/and/deeper" && build src/HakMem -c Release "-p:Version=$version" -p:RunAnalyzers=false)
  different=""
  for file in HakMem/bin/Release/release/net10.0/HakMem.dll=lib/net10.0/HakMem.dll HakMem.Boxes/bin/Release/net10.0/HakMem.Boxes.dll=lib/net10.0/HakMem.Boxes.dll \
    HakMem.Generators/bin/Release/netstandard2.0/HakMem.Generators.dll=analyzers/dotnet/cs/HakMem.Generators.dll; do
    [ "$(hash_of "$work/elsewhere/and/deeper/src/${file%=*}")" = "$(hash_of "$content/${file#*=}")" ] || different="$different${file#*=} "
  done
  equal "package: made again elsewhere, assemblies that differ" "" "$different"
fi

# ---- flavors -----------------------------------------------------------------------------------------------------------------------------

# The boxes that a flavor has by the package's own list.
features_of() { sed -nE 's/.*<HakMemSwitch Include="HakMem([A-Za-z]+)".* Flavors="([a-z;]*)".*/\1 ;\2;/p' "$content/buildTransitive/HakMem.props" | grep ";$1;" | cut -d ' ' -f 1 | LC_ALL=C sort | paste -sd '~' | sed 's/~/, /g'; }
loaded() { field "$(answer "$app")" 1; }

line=$(answer "$app")
equal "nothing set: flavor" release "$(field "$line" 1)"
equal "nothing set: features" "" "$(field "$line" 2)"
equal "nothing set: flavor of an own allocator" release "$(field "$line" 3)"
equal "nothing set: copies of the assembly kept" 0 "$(find obj -path '*hakmem*' -name HakMem.dll | wc -l)"
for flavor in debug hardened profile; do
  build -c Release "-p:HakMemBuildFlavor=$flavor"
  line=$(answer "$app")
  equal "$flavor after another flavor, not cleaned" "$flavor" "$(field "$line" 1)"
  equal "$flavor: features" "$(features_of $flavor)" "$(field "$line" 2)"
  equal "$flavor: features of an own allocator" "$flavor: $(features_of $flavor)" "$(field "$line" 3): $(field "$line" 4)"
done
build -c Release; equal "back to what is set without a word" release "$(loaded)"
build -c Release -p:HakMemBuildFlavor=Debug; equal "Debug in another case" debug "$(loaded)"
stamps() { stat -c '%n %y' "$app" bin/Release/net10.0/HakMem.dll obj/Release/net10.0/hakmem/HakMem.dll | sha256sum; }
before=$(stamps); build -c Release -p:HakMemBuildFlavor=Debug
[ "$before" = "$(stamps)" ] && pass "the same flavor again" "nothing is written" || fail "the same flavor again" "nothing is written" "a file was"
sdk clean -c Release -v quiet -nologo; equal "clean: assemblies left" 0 "$(find bin obj/Release -name '*.dll' | wc -l)"
build -c Release; equal "after clean" release "$(loaded)"

# ---- transitive --------------------------------------------------------------------------------------------------------------------------

project "$projects/Mid" "" "$reference"
echo 'namespace Mid; /// <summary>Uses the package.</summary>
public static class Library { /// <summary>The flavor.</summary>
public static string Flavor => HakMem.HakMemory.BuildFlavor; }' > "$projects/Mid/Library.cs"
project "$projects/Far" "<OutputType>Exe</OutputType><HakMemBuildFlavor>hardened</HakMemBuildFlavor>" '<ProjectReference Include="../Mid/Mid.csproj" />'
program "$projects/Far"
sed -i 's/HakMemory.BuildFlavor}/Mid.Library.Flavor}/' "$projects/Far/Program.cs"
cd "$projects/Far" || exit 1
build -c Release; line=$(answer bin/Release/net10.0/Far.dll)
equal "application -> library -> package: flavor" hardened "$(field "$line" 1)"
equal "application -> library -> package: own allocator" "hardened: $(features_of hardened)" "$(field "$line" 3): $(field "$line" 4)"
build -c Release -p:HakMemBuildFlavor=profile; equal "the same, another flavor on the command line" profile "$(field "$(answer bin/Release/net10.0/Far.dll)" 1)"

# ---- reference to the project ------------------------------------------------------------------------------------------------------------

if [ $# -eq 0 ]; then
  source="$work/sources/src"
  imports="<Import Project=\"$source/HakMem/build/HakMem.props\" /><Import Project=\"$source/HakMem/build/HakMem.targets\" />"
  generator="<ProjectReference Include=\"$source/HakMem.Generators/HakMem.Generators.csproj\" OutputItemType=\"Analyzer\" ReferenceOutputAssembly=\"false\" />"
  project "$projects/MidOfSources" "" "<ProjectReference Include=\"$source/HakMem/HakMem.csproj\" />"
  cp "$projects/Mid/Library.cs" "$projects/MidOfSources/"
  project "$projects/OfSources" "<OutputType>Exe</OutputType><HakMemBuildFlavor>hardened</HakMemBuildFlavor></PropertyGroup>$imports<PropertyGroup>" "<ProjectReference Include=\"../MidOfSources/MidOfSources.csproj\" />$generator"
  cp "$projects/Far/Program.cs" "$projects/OfSources/"
  cd "$projects/OfSources" || exit 1
  build -c Release -p:RunAnalyzers=false; line=$(answer bin/Release/net10.0/OfSources.dll)
  equal "application -> library -> HakMem.csproj: flavor" hardened "$(field "$line" 1)"
  equal "application -> library -> HakMem.csproj: own allocator" "hardened: $(features_of hardened)" "$(field "$line" 3): $(field "$line" 4)"
  build -c Release -p:RunAnalyzers=false -p:HakMemBuildFlavor=profile; equal "the same, another flavor on the command line" profile "$(field "$(answer bin/Release/net10.0/OfSources.dll)" 1)"
fi

# ---- switches ----------------------------------------------------------------------------------------------------------------------------

# Each is a build of one project of its own output, all in one run of MSBuild.
project "$projects/Switches" "<OutputType>Exe</OutputType><NoWarn>\$(NoWarn);HKM0003</NoWarn>
    <IntermediateOutputPath>obj/\$(Case)/</IntermediateOutputPath><OutputPath>bin/\$(Case)/</OutputPath><UseAppHost>false</UseAppHost>" "$reference"
program "$projects/Switches"
cd "$projects/Switches" || exit 1
switches="DebugCounters FreelistValidation PageFaultTelemetry WarmPoolStats LockStats SizeHistogram Poison DoubleFreeCheck ZeroOnFree SchedulePerturbation"
{
  echo '<Project><ItemGroup>'
  for switch in $switches; do
    echo "<Case Include=\"$switch\" Properties=\"Case=$switch;HakMem$switch=true\" />"
    features_of debug | grep -q "$switch" && echo "<Case Include=\"no$switch\" Properties=\"Case=no$switch;HakMemBuildFlavor=debug;HakMem$switch=false\" />"
  done
  echo '<Case Include="PrefillBudget" Properties="Case=PrefillBudget;HakMemPrefillBudget=9" />'
  echo '</ItemGroup><Target Name="Build"><MSBuild Projects="Switches.csproj" Targets="Build" Properties="Configuration=Release;%(Case.Properties)" BuildInParallel="true" ContinueOnError="true" /></Target></Project>'
} > cases.proj
sdk restore Switches.csproj -v quiet && sdk msbuild cases.proj -m -v:quiet -nologo
for switch in $switches; do
  equal "HakMem$switch=true: features of an own allocator" "$switch" "$(field "$(answer "bin/$switch/net10.0/Switches.dll")" 4)"
  if [ -d "bin/no$switch" ]; then
    equal "HakMem$switch=false in debug" "$(features_of debug | sed -E "s/(, )?\b$switch\b//; s/^, //")" "$(field "$(answer "bin/no$switch/net10.0/Switches.dll")" 4)"
  fi
done
equal "HakMemPrefillBudget=9: budget of an own allocator" 9 "$(field "$(answer bin/PrefillBudget/net10.0/Switches.dll)" 5)"
equal "HakMemPrefillBudget not set: budget" 4 "$(field "$(answer bin/Poison/net10.0/Switches.dll)" 5)"

# ---- mistakes ----------------------------------------------------------------------------------------------------------------------------

cd "$projects/App" || exit 1
refused() { if build -c Release --no-restore "$2"; then fail "$1" "$3" "the build succeeded"; else said "$1" "$3" "$3"; fi; }
refused "an unknown flavor" -p:HakMemBuildFlavor=hardend "error HKM0001: .*'hardend'.* release, profile, debug, hardened"
refused "a switch that is neither true nor false" -p:HakMemPoison=yes "error HKM0002: HakMemPoison .*'yes'.* true or false"
refused "a number out of range" -p:HakMemPrefillBudget=17 "error HKM0002: HakMemPrefillBudget .*'17'.* 1 to 16"
build -c Release --no-restore -p:HakMemPoison=true -p:HakMemDebugCounters=false
said "a switch that the default allocator cannot follow" "warning HKM0003 names it" "warning HKM0003: HakMemPoison=true "
silent "a switch as the flavor has it" "no word of it" "HKM0003.*HakMemDebugCounters"
echo '{ "configProperties": { "HakMem.PurgeDelai": 5 } }' > runtimeconfig.template.json
sdk msbuild -t:HakMemCheckOptions -v:quiet -nologo; said "a mistyped option" "warning HKM0004 names it" "warning HKM0004: 'HakMem.PurgeDelai' "
rm runtimeconfig.template.json
refused "unsafe code not allowed, an own allocator declared" -p:AllowUnsafeBlocks=false "error HKM1509: .*AllowUnsafeBlocks"
echo 'static unsafe class Wrong { static void Twice(void* block) { HakMem.HakMemory.Free(block); HakMem.HakMemory.Free(block); } }' > Wrong.cs
build -c Release --no-restore -p:AllowUnsafeBlocks=true; said "a block that is freed twice" "warning HKM1002" "warning HKM1002: 'block' was freed in line 1"
rm Wrong.cs
check() { sdk msbuild -t:HakMemCheckBuild -v:quiet -nologo "$@"; }
check -p:HakMemPoison=true -p:NoWarn=HKM0003; silent "the same with NoWarn" "no warning" "HKM0003"
check -p:HakMemPoison=true -p:HakMemBuildFlavor=debug; silent "the same with a flavor that has it" "no warning" "HKM0003"
check -p:HakMemPrefillBudget=8; said "a number that the default allocator cannot follow" "warning HKM0003 names it" "warning HKM0003: HakMemPrefillBudget=8 "
cd "$projects/Mid" && check -p:HakMemPoison=true; silent "the same in a library" "no warning" "HKM0003"

# ---- publishing --------------------------------------------------------------------------------------------------------------------------

cd "$projects/App" || exit 1
publish() { sdk publish -v quiet -nologo -c Release "$@"; }
publish -o "$work/out" -p:HakMemBuildFlavor=debug; equal "publish" debug "$(field "$(answer "$work/out/App.dll")" 1)"
publish -o "$work/out" -p:HakMemBuildFlavor=profile; equal "publish another flavor into the same folder" profile "$(field "$(answer "$work/out/App.dll")" 1)"
publish -o "$work/out"; equal "publish release into the same folder" release "$(field "$(answer "$work/out/App.dll")" 1)"

# case, expectation, result, and then what is restored and published
ahead() {
  local name=$1 flavor=$2 out="$work/out-$3"
  shift 3
  sdk restore -v quiet -r linux-x64 "$@"
  local status=$?
  if [ $status -ne 0 ] && grep -qE 'error NU1(1|3|8)[0-9]+' "$work/last.txt"; then
    skip "$name" "$flavor" "its pack does not restore here, exit code $status: $(grep -oE 'NU1[0-9]+: .*' "$work/last.txt" | head -n 1 | cut -c 1-120)"
    return
  fi
  publish --no-restore -r linux-x64 -o "$out" "-p:HakMemBuildFlavor=$flavor" "$@"
  equal "$name" "$flavor" "$(field "$("$out/Ahead" 2>&1 | head -n 1)" 1)"
}
project "$work/ahead/Ahead" "<OutputType>Exe</OutputType><InvariantGlobalization>true</InvariantGlobalization>" "$reference"
program "$work/ahead/Ahead"
cd "$work/ahead/Ahead" || exit 1
ahead "ReadyToRun" debug r2r -p:SelfContained=false -p:PublishReadyToRun=true
if [ -f "$work/out-r2r/HakMem.dll" ]; then
  [ "$(stat -c %s "$work/out-r2r/HakMem.dll")" -gt "$(stat -c %s "$content/flavors/debug/net10.0/HakMem.dll")" ] && pass "ReadyToRun: the assembly has native code" "larger than in the package" || fail "ReadyToRun: the assembly has native code" "larger than in the package" "it is not"
  ahead "ReadyToRun, another flavor into the same folder" release r2r -p:SelfContained=false -p:PublishReadyToRun=true
fi
ahead "trimmed" hardened trimmed -p:SelfContained=true -p:PublishTrimmed=true
if [ -f "$work/out-trimmed/HakMem.dll" ]; then
  silent "trimmed: warnings" none "warning IL"
  ahead "trimmed, another flavor into the same folder" profile trimmed -p:SelfContained=true -p:PublishTrimmed=true
fi
if command -v clang >/dev/null || command -v gcc >/dev/null; then
  ahead "native AOT" hardened aot -p:PublishAot=true
  if [ -f "$work/out-aot/Ahead" ]; then
    silent "native AOT: warnings" none "warning IL"
    ahead "native AOT, another flavor into the same folder" release aot -p:PublishAot=true
    [ -f "$work/out-aot/HakMem.dll" ] && fail "native AOT: one file" "no assembly beside it" "HakMem.dll is there" || pass "native AOT: one file" "no assembly beside it"
  fi
else
  skip "native AOT" hardened "there is no clang or gcc to link with"
fi

[ "$failed" -eq 0 ] || [ -z "${HAKMEMTEST_LOG:-}" ] || cp "$log" "$HAKMEMTEST_LOG"
echo "$passed passed, $failed failed, $not_run not run"
[ "$failed" -eq 0 ]
