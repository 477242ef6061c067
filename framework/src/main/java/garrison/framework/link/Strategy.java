// SPDX-License-Identifier: Apache-2.0
package garrison.framework.link;

import garrison.spi.ProgramInfo;

/** How a program comes to its place on this kernel. */
public sealed interface Strategy {
    /** The words for events and status: {@code lsm}, {@code fmod_ret/security_file_open}; empty when there is none. */
    String words(ProgramInfo program);

    /** As its section says. */
    record Declared() implements Strategy {
        @Override
        public String words(ProgramInfo program) {
            String kind = program.sleepable() ? program.kind() + ".s" : program.kind();
            return kind.startsWith("lsm") || program.target().isEmpty() ? kind : kind + "/" + program.target();
        }
    }

    /**
     * The same instructions at a function with the same arguments.
     *
     * @param kind {@code fmod_ret} or {@code fentry}
     * @param function the kernel function
     */
    record Elsewhere(String kind, String function) implements Strategy {
        @Override
        public String words(ProgramInfo program) {
            return kind + "/" + function;
        }
    }

    /**
     * Another program of the same object, written for a place whose arguments differ.
     *
     * @param program loaded and attached instead
     */
    record StandIn(ProgramInfo program) implements Strategy {
        @Override
        public String words(ProgramInfo declared) {
            return program.kind() + "/" + program.target();
        }
    }

    /**
     * No place: not loaded.
     *
     * @param reason why, and what would help
     */
    record Unserved(String reason) implements Strategy {
        @Override
        public String words(ProgramInfo program) {
            return "";
        }
    }

    /** The first part of what it is attached as. */
    default String kind(ProgramInfo program) {
        return switch (this) {
            case Declared _ -> program.kind();
            case Elsewhere e -> e.kind;
            case StandIn s -> s.program.kind();
            case Unserved _ -> "";
        };
    }

    /** The second part of what it is attached as. */
    default String target(ProgramInfo program) {
        return switch (this) {
            case Declared _ -> program.target();
            case Elsewhere e -> e.function;
            case StandIn s -> s.program.target();
            case Unserved _ -> "";
        };
    }
}
