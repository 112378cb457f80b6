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
ROOMS := cli server engine planner operators sources sinks formats state expr functions grammar parser io core

WARN := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes -Wmissing-prototypes \
        -Wwrite-strings -Wpointer-arith -Wvla -Wundef
ifeq ($(DEV),1)
WARN += -Werror
endif

FLAGS_release := -O2 -g -DNDEBUG
FLAGS_debug   := -O0 -g -DWR_FAULTS
FLAGS_asan    := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DWR_FAULTS
FLAGS_tsan    := -O1 -g -fsanitize=thread -DWR_FAULTS
FLAGS_fuzz    := -O1 -g -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -DWR_FUZZ

CFLAGS_ALL := -std=gnu11 -pthread -I. -I$(B) -D_GNU_SOURCE $(WARN) $(FLAGS_$(FLAVOUR)) $(CFLAGS)
LIBS := -lrdkafka -lrocksdb -lsqlite3 -lcurl -lmicrohttpd -lnghttp2 -ljansson -ledit -licui18n -licuuc -lpcre2-8 \
        -lcrypto -lssl -lzstd -lz -lxxhash -lgmp -lm -pthread

SRC     := $(foreach r,$(ROOMS),$(wildcard $(r)/*.c))
GEN     := $(B)/grammar/scan.gen.c $(B)/grammar/parse.gen.c
room_o   = $(patsubst %.c,$(B)/%.o,$(wildcard $(1)/*.c)) $(if $(filter grammar,$(1)),$(GEN:.c=.o))
ARCHIVES := $(foreach r,$(ROOMS),$(B)/lib$(r).a)
LOWER    := $(filter-out $(B)/libcli.a,$(ARCHIVES))

.PHONY: all
all: $(B)/weir

$(B)/weir: $(ARCHIVES)
	$(CC) $(CFLAGS_ALL) -o $@ -Wl,--whole-archive $(B)/libcli.a -Wl,--no-whole-archive \
	    -Wl,--start-group $(LOWER) -Wl,--end-group $(LIBS)

define room_rule
$(B)/lib$(1).a: $$(call room_o,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	ar rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rule,$(r))))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -c -o $@ $<

$(B)/grammar/parse.gen.c: grammar/weir.y
	@mkdir -p $(@D)
	bison -Wall -Werror -Wcounterexamples --defines=$(B)/grammar/parse.gen.h -o $@ $<
$(B)/grammar/scan.gen.c: grammar/weir.l
	@mkdir -p $(@D)
	flex -o $@ $<
$(B)/grammar/%.gen.o: $(B)/grammar/%.gen.c
	$(CC) $(CFLAGS_ALL) $(GENWARN) -MMD -MP -c -o $@ $<
$(B)/grammar/scan.gen.o $(B)/grammar/syntax.o: | $(B)/grammar/parse.gen.c

-include $(shell find $(B) -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- unit tests: tests/unit/NAME.c, one program each

UNITS := $(patsubst tests/unit/%.c,$(B)/unit/%,$(wildcard tests/unit/*.c))
$(B)/unit/%: tests/unit/%.c $(LOWER)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -MMD -MP -o $@ $< -Wl,--start-group $(LOWER) -Wl,--end-group -lcmocka $(LIBS)

# For one who works on one room: make room R=formats U=json builds formats and the rooms below, and tests/unit/json.c
BELOW = $(foreach r,$(shell echo $(ROOMS) | sed 's/.*\b$(R)\b/$(R)/'),$(B)/lib$(r).a)
.PHONY: room units
room: $(BELOW)
	@if [ -n "$(U)" ]; then mkdir -p $(B)/unit; $(CC) $(CFLAGS_ALL) -o $(B)/unit/$(U) tests/unit/$(U).c \
	    -Wl,--start-group $(BELOW) -Wl,--end-group -lcmocka $(LIBS); fi
units: $(UNITS)

.PHONY: clean
clean:
	rm -rf build
