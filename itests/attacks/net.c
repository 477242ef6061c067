/* SPDX-License-Identifier: (GPL-2.0 OR BSD-2-Clause) */
/* Ways to attach a BPF program, by its descriptor, that are the network's and not bpf(2)'s. */
#define _GNU_SOURCE
#include "attack.h"

#include <errno.h>
#include <fcntl.h>

/* Before the kernel's, which then leave out what is in them. */
#include <net/if.h>
#include <netinet/in.h>

#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/kcm.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netlink.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#ifndef SO_ATTACH_REUSEPORT_EBPF
#define SO_ATTACH_REUSEPORT_EBPF 52
#endif

#define LOOPBACK 1

static int run_reuseport_attach(char **argument)
{
	int fd = atoi(argument[0]), one = 1, own = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (own < 0 || setsockopt(own, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)))
		bad_scene("socket");
	return setsockopt(own, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &fd, sizeof(fd)) ? refused("setsockopt") : 0;
}

/* In a network of its own, which ends with it: what is attached to a loopback device drops all that goes over it. */
static int route_socket(void)
{
	int route;

	if (unshare(CLONE_NEWNET))
		bad_scene("unshare");
	route = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (route < 0)
		bad_scene("socket");
	return route;
}

/* Sends a request, and takes its acknowledgement. */
static int request(int route, struct nlmsghdr *head)
{
	struct {
		struct nlmsghdr head;
		struct nlmsgerr error;
		char more[512];
	} answer;

	if (send(route, head, head->nlmsg_len, 0) < 0)
		return refused("send");
	if (recv(route, &answer, sizeof(answer), 0) < (ssize_t)sizeof(answer.head) + 4 || answer.head.nlmsg_type != NLMSG_ERROR)
		bad_scene("recv");
	errno = -answer.error.error;
	return errno ? refused("netlink") : 0;
}

static int run_xdp_attach(char **argument)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
		struct rtattr xdp;
		struct rtattr fd;
		int32_t number;
		struct rtattr flags;
		uint32_t how;
	} message = {
		.head = { .nlmsg_len = sizeof(message), .nlmsg_type = RTM_SETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = LOOPBACK },
		.xdp = { .rta_len = sizeof(struct rtattr) * 3 + 8, .rta_type = IFLA_XDP | NLA_F_NESTED },
		.fd = { .rta_len = sizeof(struct rtattr) + 4, .rta_type = IFLA_XDP_FD },
		.number = atoi(argument[0]),
		.flags = { .rta_len = sizeof(struct rtattr) + 4, .rta_type = IFLA_XDP_FLAGS },
		.how = XDP_FLAGS_SKB_MODE,
	};

	return request(route_socket(), &message.head);
}

/* A classifier on what comes in, as tc(8) sets it up. */
static int run_tc_attach(char **argument)
{
	struct {
		struct nlmsghdr head;
		struct tcmsg tc;
		struct rtattr kind;
		char name[8];
	} discipline = {
		.head = { .nlmsg_len = sizeof(discipline), .nlmsg_type = RTM_NEWQDISC,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.tc = { .tcm_ifindex = LOOPBACK, .tcm_handle = TC_H_MAKE(TC_H_CLSACT, 0), .tcm_parent = TC_H_CLSACT },
		.kind = { .rta_len = sizeof(struct rtattr) + 7, .rta_type = TCA_KIND },
		.name = "clsact",
	};
	struct {
		struct nlmsghdr head;
		struct tcmsg tc;
		struct rtattr kind;
		char name[4];
		struct rtattr options;
		struct rtattr fd;
		int32_t number;
		struct rtattr label;
		char text[4];
	} filter = {
		.head = { .nlmsg_len = sizeof(filter), .nlmsg_type = RTM_NEWTFILTER,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE },
		.tc = { .tcm_ifindex = LOOPBACK, .tcm_parent = TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
			.tcm_info = TC_H_MAKE(1 << 16, htons(ETH_P_ALL)) },
		.kind = { .rta_len = sizeof(struct rtattr) + 4, .rta_type = TCA_KIND },
		.name = "bpf",
		.options = { .rta_len = sizeof(struct rtattr) * 3 + 8, .rta_type = TCA_OPTIONS },
		.fd = { .rta_len = sizeof(struct rtattr) + 4, .rta_type = TCA_BPF_FD },
		.number = atoi(argument[0]),
		.label = { .rta_len = sizeof(struct rtattr) + 4, .rta_type = TCA_BPF_NAME },
		.text = "own",
	};
	int route = route_socket(), result = request(route, &discipline.head);

	return result ? result : request(route, &filter.head);
}

/* The parser that cuts a TCP stream into messages. */
static int run_kcm_attach(char **argument)
{
	struct sockaddr_in here = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), stream = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int kcm = socket(AF_KCM, SOCK_DGRAM | SOCK_CLOEXEC, KCMPROTO_CONNECTED);
	struct kcm_attach attach = { .fd = stream, .bpf_fd = atoi(argument[0]) };
	struct ifreq loopback = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	socklen_t size = sizeof(here);

	if (kcm < 0 || listener < 0 || stream < 0 || ioctl(stream, SIOCSIFFLAGS, &loopback) ||
	    bind(listener, (struct sockaddr *)&here, size) || listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&here, &size) || connect(stream, (struct sockaddr *)&here, size))
		bad_scene("kcm");
	return ioctl(kcm, SIOCKCMATTACH, &attach) ? refused("ioctl") : 0;
}

/* A program that holds a descriptor may still ask, and change what has nothing to do with it once it has given it up. */
static int run_link_up(char **argument)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} message = {
		.head = { .nlmsg_len = sizeof(message), .nlmsg_type = RTM_SETLINK, .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = LOOPBACK, .ifi_flags = IFF_UP, .ifi_change = IFF_UP },
	};

	close(atoi(argument[0]));
	return request(route_socket(), &message.head);
}

/* Asks with a descriptor in its hands. */
static int run_link_ask(char **argument __attribute__((unused)))
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg link;
	} message = {
		.head = { .nlmsg_len = sizeof(message), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
		.link = { .ifi_family = AF_UNSPEC, .ifi_index = LOOPBACK },
	};

	return send(route_socket(), &message, sizeof(message), 0) < 0 ? refused("send") : 0;
}

static int run_tun_attach(char **argument)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI, .ifr_name = "attack%d" };
	int fd = atoi(argument[0]), tun = must_open("/dev/net/tun", O_RDWR);

	if (ioctl(tun, TUNSETIFF, &request))
		bad_scene("TUNSETIFF");
	return ioctl(tun, TUNSETFILTEREBPF, &fd) ? refused("ioctl") : 0;
}

#define RULE_MATCH (sizeof(struct xt_entry_match) + XT_ALIGN(sizeof(struct xt_bpf_info_v1)))

/* The table "filter" of a fresh network, with one rule more: a program looks at each packet that comes in. */
struct table {
	struct ipt_replace head;
	struct {
		struct ipt_entry entry;
		struct xt_entry_match match;
		char program[XT_ALIGN(sizeof(struct xt_bpf_info_v1))];
		struct xt_standard_target target;
	} rule;
	struct {
		struct ipt_entry entry;
		struct xt_standard_target target;
	} policy[3];	/* in, forward, out */
	struct {
		struct ipt_entry entry;
		struct xt_error_target target;
	} end;
};

static struct xt_standard_target accept_all(void)
{
	struct xt_standard_target target = { .target.u.user.target_size = sizeof(target), .verdict = -NF_ACCEPT - 1 };

	return target;
}

static int replace_table(const struct xt_bpf_info_v1 *program)
{
	static struct table table;
	static struct xt_counters before[4];
	uint32_t start = offsetof(struct table, rule), first = offsetof(struct table, policy) - start;
	int own;

	if (unshare(CLONE_NEWNET))
		bad_scene("unshare");
	own = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (own < 0)
		bad_scene("socket");
	strcpy(table.head.name, "filter");
	table.head.valid_hooks = 1 << NF_INET_LOCAL_IN | 1 << NF_INET_FORWARD | 1 << NF_INET_LOCAL_OUT;
	table.head.num_entries = 5;
	table.head.size = sizeof(table) - start;
	table.head.num_counters = 4;
	table.head.counters = before;
	for (int i = 0; i < 3; i++) {
		table.head.underflow[NF_INET_LOCAL_IN + i] = first + i * sizeof(table.policy[0]);
		table.head.hook_entry[NF_INET_LOCAL_IN + i] = i ? table.head.underflow[NF_INET_LOCAL_IN + i] : 0;
		table.policy[i].entry.target_offset = sizeof(struct ipt_entry);
		table.policy[i].entry.next_offset = sizeof(table.policy[i]);
		table.policy[i].target = accept_all();
	}
	table.rule.entry.target_offset = sizeof(struct ipt_entry) + RULE_MATCH;
	table.rule.entry.next_offset = sizeof(table.rule);
	table.rule.match.u.user.match_size = RULE_MATCH;
	strcpy(table.rule.match.u.user.name, "bpf");
	table.rule.match.u.user.revision = 1;
	memcpy(table.rule.program, program, sizeof(*program));
	table.rule.target = accept_all();
	table.end.entry.target_offset = sizeof(struct ipt_entry);
	table.end.entry.next_offset = sizeof(table.end);
	table.end.target.target.u.user.target_size = sizeof(table.end.target);
	strcpy(table.end.target.target.u.user.name, XT_ERROR_TARGET);
	strcpy(table.end.target.errorname, XT_ERROR_TARGET);
	return setsockopt(own, IPPROTO_IP, IPT_SO_SET_REPLACE, &table, sizeof(table)) ? refused("setsockopt") : 0;
}

static int run_iptables_attach(char **argument)
{
	struct xt_bpf_info_v1 program = { .mode = XT_BPF_MODE_FD_ELF, .fd = atoi(argument[0]) };

	return replace_table(&program);
}

/* By the name of its pin: who does that holds no descriptor. */
static int run_iptables_pinned(char **argument)
{
	struct xt_bpf_info_v1 program = { .mode = XT_BPF_MODE_PATH_PINNED };

	if (strlen(argument[0]) >= sizeof(program.path))
		bad_scene("path");
	strcpy(program.path, argument[0]);
	return replace_table(&program);
}

const struct attack net_attacks[] = {
	{ "iptables-attach", "FD", run_iptables_attach },
	{ "iptables-pinned", "PIN", run_iptables_pinned },
	{ "reuseport-attach", "FD", run_reuseport_attach },
	{ "xdp-attach", "FD", run_xdp_attach },
	{ "tun-attach", "FD", run_tun_attach },
	{ "tc-attach", "FD", run_tc_attach },
	{ "kcm-attach", "FD", run_kcm_attach },
	{ "link-up", "FD", run_link_up },
	{ "link-ask", "FD", run_link_ask },
	{}
};
