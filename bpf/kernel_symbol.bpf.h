/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Names of kernel addresses, and addresses of names, by the kernel's own symbol table: for plugins whose Java asks for them. */
#ifndef KERNEL_SYMBOL_BPF_H
#define KERNEL_SYMBOL_BPF_H

#include "garrison.bpf.h"

#define KERNEL_SYMBOL 96

/* A name that is looked for, or an address that is put into words. (The kernel has a struct kernel_symbol of its own.) */
struct garrison_symbol {
	__u64 address;
	char name[KERNEL_SYMBOL];
};

static const char kernel_symbol_format[] = "%pS";

/* NAME+0xOFFSET/0xSIZE [MODULE], into KERNEL_SYMBOL bytes. */
static __always_inline void kernel_symbol_words(char *out, __u64 address)
{
	if (bpf_snprintf(out, KERNEL_SYMBOL, kernel_symbol_format, &address, sizeof(address)) < 0)
		out[0] = 0;
}

/* For bpf_loop: the address of a name, 0 if the kernel has none; the first empty one ends the loop. */
static __always_inline long kernel_symbol_find(struct garrison_symbol *symbol)
{
	__u64 address = 0;

	if (!symbol || !symbol->name[0])
		return 1;
	symbol->name[sizeof(symbol->name) - 1] = 0;
	if (bpf_kallsyms_lookup_name(symbol->name, sizeof(symbol->name), 0, &address))
		address = 0;
	symbol->address = address;
	return 0;
}

/* For bpf_loop: the words for an address; the first 0 ends the loop. */
static __always_inline long kernel_symbol_describe(struct garrison_symbol *symbol)
{
	if (!symbol || !symbol->address)
		return 1;
	kernel_symbol_words(symbol->name, symbol->address);
	return 0;
}

#endif
