// SPDX-License-Identifier: Apache-2.0
/** trusted-bpf: who may use BPF, the ways round it, and every way in which a signature can be bad. */
package garrison.itests.trustedbpf;
