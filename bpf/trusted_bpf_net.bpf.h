/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/*
 * Where the network takes a program's descriptor without bpf(2): netlink (XDP, tc, routes, nftables' xt_bpf), iptables' tables, tun
 * and kcm. What a message holds is not looked into. Whoever is not trusted and holds a program, got before the gate was there
 * or left to it by a program that was, may not send one that could attach it.
 */
#ifndef TRUSTED_BPF_NET_BPF_H
#define TRUSTED_BPF_NET_BPF_H

#define TRUST_NETLINK_ROUTE 0
#define TRUST_NETLINK_NETFILTER 12
#define TRUST_NETLINK_HEADER 16
#define TRUST_NETLINK_GET 2		/* the lower two bits of RTM_GETLINK and its like */
#define TRUST_SOL_IP 0
#define TRUST_SOL_IPV6 41
#define TRUST_SO_SET_REPLACE 64		/* of iptables, and of ip6tables */
#define TRUST_TUN_STEERING 0x800454e0	/* TUNSETSTEERINGEBPF */
#define TRUST_TUN_FILTER 0x800454e1	/* TUNSETFILTEREBPF */
#define TRUST_NR_BPF 321
#define TRUST_NR_BPF_32 357
#define TRUST_KCM_ATTACH 0x89e0		/* SIOCKCMATTACH */

struct trust_descriptors {
	struct file **files;
	__u32 program;	/* whether one of them is a program's */
};

static long trust_look_at_descriptor(__u64 index, struct trust_descriptors *all)
{
	struct file *file = NULL;

	bpf_probe_read_kernel(&file, sizeof(file), all->files + index);
	if (!file || !trust_anonymous(file, "bpf-pro", 7))
		return 0;
	all->program = 1;
	return 1;
}

static __noinline int trust_holds_program(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct trust_descriptors all = { .files = BPF_CORE_READ(table, fd) };

	/* More than can be looked at: it might be one of them. */
	return bpf_loop(BPF_CORE_READ(table, max_fds), trust_look_at_descriptor, &all, 0) < 0 || all.program;
}

/* True when the present process is to be refused. */
__noinline int trust_refuses_net_attach(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	__u32 reason;
	__s32 error;

	if (task->flags & TRUST_KERNEL_THREAD)
		return 0;
	reason = trust_reason(task->group_leader, &error);
	return reason != TRUSTED_BPF_TRUSTED && trust_holds_program() &&
	       trust_refuses_for(reason, error, TRUSTED_BPF_NET_ATTACH, 0);
}

/* Whether the kernel is in bpf(2), whose own hook has decided: by number, of 64 and of 32 bits; as the other kind neither leads here. */
static __always_inline bool trust_in_bpf(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	__u64 call = BPF_CORE_READ(regs, orig_ax);

	return call == TRUST_NR_BPF || call == TRUST_NR_BPF_32;
}

/* xt_bpf takes a program by the name under which it is pinned, too: whoever names it holds none. */
SEC("lsm/bpf_prog")
int BPF_PROG(trust_bpf_prog, struct bpf_prog *prog, int ret)
{
	if (ret)
		return ret;
	if (!trust_in_bpf(bpf_get_current_task_btf()) && trust_refuses(TRUSTED_BPF_NET_ATTACH, 0))
		return garrison_deny(garrison_hook("bpf_prog"));
	return 0;
}

static __always_inline bool trust_is_net_ioctl(unsigned int cmd)
{
	return cmd == TRUST_TUN_STEERING || cmd == TRUST_TUN_FILTER || cmd == TRUST_KCM_ATTACH;
}

static __always_inline bool trust_is_net_option(int level, int optname)
{
	return optname == TRUST_SO_SET_REPLACE && (level == TRUST_SOL_IP || level == TRUST_SOL_IPV6);
}

/* Whether all that is sent is one request to be told something. */
static __always_inline bool trust_only_asks(struct sk_buff *skb)
{
	struct nlmsghdr head = {};

	if (bpf_probe_read_kernel(&head, sizeof(head), BPF_CORE_READ(skb, data)))
		return false;
	return (head.nlmsg_type & 3) == TRUST_NETLINK_GET && BPF_CORE_READ(skb, len) < head.nlmsg_len + TRUST_NETLINK_HEADER;
}

SEC("lsm/netlink_send")
int BPF_PROG(trust_netlink_send, struct sock *sk, struct sk_buff *skb, int ret)
{
	__u32 protocol = BPF_CORE_READ(sk, sk_protocol);

	if (ret)
		return ret;
	if (protocol == TRUST_NETLINK_ROUTE ? trust_only_asks(skb) : protocol != TRUST_NETLINK_NETFILTER)
		return 0;
	if (trust_refuses_net_attach())
		return garrison_deny(garrison_hook("netlink_send"));
	return 0;
}

#endif
