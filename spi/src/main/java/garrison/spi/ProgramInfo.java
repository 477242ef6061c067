// SPDX-License-Identifier: Apache-2.0
package garrison.spi;

/**
 * One BPF program of an object, as its ELF declares it.
 *
 * @param name the program's (C function's) name
 * @param section the ELF section, for example {@code lsm.s/file_open} or {@code ?lsm/file_truncate}
 * @param kind the section's first part without {@code ?} and {@code .s}: {@code lsm}, {@code fmod_ret}, {@code iter}, …
 * @param target the section's second part: the LSM hook, kernel function or tracepoint; empty when there is none
 * @param sleepable true for {@code .s} sections
 * @param optional true for {@code ?} sections: not loaded unless the plugin asks for it
 */
public record ProgramInfo(String name, String section, String kind, String target, boolean sleepable, boolean optional) {}
