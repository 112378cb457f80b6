# Weir. `make help` lists what there is; README.md and CONTRIBUTING.md say more.
#
# One build folder per flavour (build/release, build/debug, build/asan, build/tsan, build/fuzz), so switching does not
# rebuild. Every room is an archive; a program pulls in what it needs, lower rooms last on the link line.

FLAVOUR ?= release
B       ?= build/$(FLAVOUR)
CC      ?= gcc
ifeq ($(origin CC),default)
CC      := gcc
endif

# Highest room first: this is the link order, and tests/tools/layers holds includes to it.
ROOMS := cli server engine planner operators sinks sources formats state expr functions grammar parser io core

WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wwrite-strings -Wpointer-arith -Wvla -Wundef
ifeq ($(DEV),1)
WARN += -Werror
endif

FLAGS_release := -O2 -g -DNDEBUG
FLAGS_debug   := -O0 -g -DWR_FAULTS
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DWR_FAULTS
FLAGS_tsan    := -O1 -g -fsanitize=thread -DWR_FAULTS
FLAGS_cov     := -O0 -g --coverage -DWR_FAULTS
FLAGS_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -DWR_FUZZ

CFLAGS_ALL := -std=gnu11 -pthread -I. -I$(B) -D_GNU_SOURCE $(WARN) $(FLAGS_$(FLAVOUR)) $(CFLAGS)
# gold links a program in a third of the time, and there are a hundred of them.
LINKER := $(if $(shell command -v ld.gold),-fuse-ld=gold)
LIBS := $(LINKER) -lrdkafka -lrocksdb -lsqlite3 -lcurl -lmicrohttpd -lnghttp2 -ljansson -ledit -licui18n -licuuc -lpcre2-8 \
        -lcrypto -lssl -lzstd -lz -lxxhash -lgmp -lm -pthread

SRC     := $(foreach r,$(ROOMS),$(wildcard $(r)/*.c))
GEN     := $(if $(wildcard grammar/weir.y),$(B)/grammar/scan.gen.c $(B)/grammar/parse.gen.c)
room_o   = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) $(if $(filter grammar,$(1)),$(GEN:.c=.o))
ARCHIVES := $(foreach r,$(ROOMS),$(B)/lib$(r).a)
LOWER    := $(filter-out $(B)/libcli.a,$(ARCHIVES))

# What is made, a word and a name a line; V=1 shows the commands.
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $@;)

.PHONY: all
all: $(B)/weir

$(B)/weir: $(ARCHIVES)
	$(call say,LINK)$(CC) $(CFLAGS_ALL) -o $@ -Wl,--whole-archive $(B)/libcli.a -Wl,--no-whole-archive \
	    -Wl,--start-group $(LOWER) -Wl,--end-group $(LIBS)

define room_rule
$(B)/lib$(1).a: $$(call room_o,$(1)) $(1)
	@mkdir -p $$(@D)
	@rm -f $$@
	$$(call say,AR)ar rcs $$@ $$(filter %.o,$$^)
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/grammar/parse.gen.c: grammar/weir.y grammar/keywords.h
	@mkdir -p $(@D)
	@tests/tools/keywords -q
	$(call say,BISON)bison -Wall -Werror -Wcounterexamples --defines=$(B)/grammar/parse.gen.h -o $@ $<
$(B)/grammar/scan.gen.c: grammar/weir.l
	@mkdir -p $(@D)
	$(call say,FLEX)flex -o $@ $<
$(B)/grammar/%.gen.o: $(B)/grammar/%.gen.c
	$(call say,CC)$(CC) $(CFLAGS_ALL) $(GENWARN) -MMD -MP -c -o $@ $<
$(patsubst %.c,$(B)/%.o,$(wildcard grammar/*.c)) $(B)/grammar/scan.gen.o: | $(B)/grammar/parse.gen.c

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- unit tests: tests/unit/NAME.c, one program each

UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
$(B)/unit/%: tests/unit/%.c $(LOWER)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS_ALL) -MMD -MP -o $@ $< -Wl,--start-group $(LOWER) -Wl,--end-group -lcmocka $(LIBS)

# For one who works on one room: make room R=formats U=json builds formats and the rooms below, and tests/unit/json.c
BELOW = $(foreach r,$(shell echo $(ROOMS) | sed 's/.*\b$(R)\b/$(R)/'),$(B)/lib$(r).a)
.PHONY: room units
room: $(BELOW)
	@if [ -n "$(U)" ]; then mkdir -p $(B)/unit; $(CC) $(CFLAGS_ALL) -o $(B)/unit/$(U) tests/unit/$(U).c \
	    -Wl,--start-group $(BELOW) -Wl,--end-group -lcmocka $(LIBS); fi
units: $(UNITS)

# ---------------------------------------------------------------- fuzz targets: tests/fuzz/NAME.c (clang's libFuzzer)

FUZZERS := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/*.c))
$(B)/fuzz/%: tests/fuzz/%.c $(LOWER)
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) $(CFLAGS_ALL) -fsanitize=fuzzer -MMD -MP -o $@ $< -Wl,--start-group $(LOWER) -Wl,--end-group $(LIBS)

.PHONY: fuzz-build fuzz-targets fuzz fuzz-smoke
fuzz-targets: $(FUZZERS:%=$(B)/fuzz/%)
fuzz-build:
	$(MAKE) FLAVOUR=fuzz CC=clang-14 fuzz-targets
fuzz: fuzz-build        ## every fuzz target for SECONDS (300)
	@set -e; for t in $(FUZZERS); do tests/tools/fuzz $$t $(or $(SECONDS),300); done
fuzz-smoke: fuzz-build  ## every fuzz target for ten seconds
	@set -e; for t in $(FUZZERS); do tests/tools/fuzz $$t 10; done

# ---------------------------------------------------------------- what people type

BENCH ?= build/bench/bin
$(BENCH)/%: bench/%.c bench/kafka.h bench/scan.h
	@mkdir -p $(@D)
	$(call say,LINK)$(CC) -O3 -march=native -std=gnu11 -Wall -Wextra -Wshadow -o $@ $< -lrdkafka -lm

.PHONY: bench-tools debug asan tsan demo check worlds reliability bench layers hdr-check metrics docs format format-check tidy coverage install \
        clean help
debug asan tsan:        ## the program in another flavour: build/debug/weir …
	$(MAKE) FLAVOUR=$@ all

demo:                   ## install what the build needs, build, run samples/orders and show its results
	@tests/tools/deps build
	@$(MAKE) --no-print-directory -s -j$$(nproc) all
	@samples/orders/demo build/release/weir

check:                  ## install what the tests need and run every test; LAB=1 demands real Kafka and databases
	@tests/tools/deps build test $(if $(filter 1,$(LAB)),lab)
	@tests/run check

worlds:                 ## tests/sql with other batch sizes, stores, tasks, queues and restarts
	@tests/run worlds
reliability:            ## tests/reliability in full: kills, full disks, broken endpoints and brokers (hours); STEPS chooses
	@tests/tools/deps build test lab
	@tests/run reliability $(STEPS)
bench-tools: $(BENCH)/gen $(BENCH)/kit $(BENCH)/limit
bench:                  ## four queries beside hard-coded programs, on a broker of its own
	@tests/tools/deps build test lab
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@bench/bench

layers metrics:         ## includes between the rooms; lengths of files and functions
	@tests/tools/$@
docs: all               ## docs/functions.md, docs/settings.md, and every example of the documentation run
	@tests/tools/docs --write
hdr-check:              ## every header compiles alone
	@tests/tools/hdr-check $(CC) $(filter-out -MMD -MP,$(CFLAGS_ALL))
format format-check:    ## clang-format over the tree (format-check: only says what it would change)
	@clang-format-14 $(if $(filter format,$@),-i,--dry-run -Werror) $(foreach r,$(ROOMS) bench tests/*,$(wildcard $(r)/*.[ch]))
tidy:                   ## clang-tidy, as .clang-tidy asks
	@clang-tidy-14 --quiet $(or $(FILES),$(SRC)) -- -std=gnu11 -I. -I$(B) -D_GNU_SOURCE
coverage:               ## which lines tests reach: build/cov/report
	$(MAKE) FLAVOUR=cov all units
	@tests/tools/coverage

PREFIX ?= /usr/local
install: all            ## to $(PREFIX)/bin
	install -D -m 755 $(B)/weir $(DESTDIR)$(PREFIX)/bin/weir
clean:                  ## remove build/
	rm -rf build
help:                   ## this list
	@echo "make                     the program: build/release/weir"
	@awk -F ':.*## ' '/^[a-z -]+:.*## /{n = split($$1, t, " "); for (i = 1; i <= n; i++) \
	    printf "make %-19s %s\n", t[i], $$2}' Makefile
