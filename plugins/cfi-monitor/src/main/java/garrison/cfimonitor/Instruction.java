// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import java.util.Optional;

/**
 * Length and flow of one x86-64 instruction, of those that compilers make of the kernel's C. What is rarer (floating point, vectors,
 * input and output, far branches) is not known, and so refused: a place may only be chosen where everything around is understood.
 * Source: Intel's Software Developer's Manual, volume 2, appendix A.
 *
 * @param length in bytes
 * @param flow where it leads
 * @param target of a jump or branch, counted as the given offset is; else 0
 */
record Instruction(int length, Flow flow, int target) {
    private static final int MAX_LENGTH = 15;
    private static final int REX_W = 8;

    /** Where an instruction leads. */
    enum Flow {
        /** To the next one, and a sensor may sit on it. */
        PLAIN,
        /** To the next one; what it does to stack, flags or interrupts is better left alone. */
        DELICATE,
        /** To a function, then to the next one. */
        CALL,
        /** To its target. */
        JUMP,
        /** To its target or to the next one. */
        BRANCH,
        /** Out of the function. */
        RETURN,
        /** Nowhere: a trap that the kernel makes of what should not be. */
        TRAP,
        /** To where a register says. */
        INDIRECT
    }

    /**
     * Reads the instruction at an offset.
     *
     * @return empty if it is not known, or goes beyond the end
     */
    static Optional<Instruction> at(byte[] code, int offset) {
        try {
            Instruction found = new Reader(code, offset).read();
            return found == null || found.length > MAX_LENGTH ? Optional.empty() : Optional.of(found);
        } catch (ArrayIndexOutOfBoundsException cut) {
            return Optional.empty();
        }
    }

    /** Goes over the bytes of one instruction. */
    private static final class Reader {
        private final byte[] code;
        private final int start;
        private int at;
        private boolean wordSized;
        private boolean repeated;
        private int rex;

        Reader(byte[] code, int start) {
            this.code = code;
            this.start = start;
            at = start;
        }

        Instruction read() {
            int operation = next();
            while (isPrefix(operation)) {
                wordSized |= operation == 0x66;
                repeated |= operation == 0xf2 || operation == 0xf3;
                operation = next();
            }
            if ((operation & 0xf0) == 0x40) {
                rex = operation;
                operation = next();
            }
            return operation == 0x0f ? two(next()) : one(operation);
        }

        private static boolean isPrefix(int operation) {
            return switch (operation) {
                case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0xf0, 0xf2, 0xf3 -> true;
                default -> false;
            };
        }

        private Instruction one(int operation) {
            if (operation < 0x40) {
                return switch (operation & 7) {
                    case 0, 1, 2, 3 -> modrm(0);
                    case 4 -> plain(1);
                    case 5 -> plain(immediate());
                    default -> null;
                };
            }
            return switch (operation) {
                case 0x63, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8d, 0xd0, 0xd1, 0xd2, 0xd3 -> modrm(0);
                case 0x68, 0xa9 -> plain(immediate());
                case 0x69, 0x81, 0xc7 -> modrm(immediate());
                case 0x6a, 0xa8 -> plain(1);
                case 0x6b, 0x80, 0x83, 0xc0, 0xc1, 0xc6 -> modrm(1);
                case 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0x7e, 0x7f -> relative(Flow.BRANCH, 1);
                case 0x9c, 0x9d, 0xc9, 0xfa, 0xfb -> of(Flow.DELICATE, 0);
                case 0xc2 -> of(Flow.RETURN, 2);
                case 0xc3 -> of(Flow.RETURN, 0);
                case 0xcc -> of(Flow.TRAP, 0);
                case 0xe3 -> relative(Flow.BRANCH, 1);
                case 0xe8 -> relative(Flow.CALL, 4);
                case 0xe9 -> relative(Flow.JUMP, 4);
                case 0xeb -> relative(Flow.JUMP, 1);
                case 0xf6 -> modrm((code[at] & 0x38) <= 0x08 ? 1 : 0);
                case 0xf7 -> modrm((code[at] & 0x38) <= 0x08 ? immediate() : 0);
                case 0xfe -> (code[at] & 0x38) <= 0x08 ? modrm(0) : null;
                case 0xff -> group5();
                case 0x98, 0x99, 0xa4, 0xa5, 0xa6, 0xa7, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf, 0xf5, 0xf8, 0xf9, 0xfc, 0xfd -> plain(0);
                default -> registers(operation);
            };
        }

        /** Those that name a register in their last bits. */
        private Instruction registers(int operation) {
            return switch (operation & 0xf8) {
                // A kprobe's place is told as one byte further, where the kernel unwinds the stack as it is after a push.
                case 0x50, 0x58 -> of(Flow.DELICATE, 0);
                case 0x90 -> plain(0);
                case 0xb0 -> plain(1);
                case 0xb8 -> plain((rex & REX_W) != 0 ? 8 : immediate());
                default -> null;
            };
        }

        private Instruction group5() {
            return switch (code[at] & 0x38) {
                case 0x00, 0x08, 0x30 -> modrm(0);
                case 0x10 -> modrm(0, Flow.CALL);
                case 0x20 -> modrm(0, Flow.INDIRECT);
                default -> null;
            };
        }

        private Instruction two(int operation) {
            return switch (operation) {
                case 0x0b -> of(Flow.TRAP, 0);
                case 0xb9, 0xff -> modrm(0, Flow.TRAP);
                case 0x00, 0x01, 0x20, 0x21, 0x22, 0x23, 0xae -> modrm(0, Flow.DELICATE);
                case 0x06, 0x30, 0x32, 0x33, 0xa2 -> of(Flow.DELICATE, 0);
                case 0x31 -> plain(0);
                case 0x0d, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0xa3, 0xa5, 0xab, 0xad, 0xaf, 0xb0, 0xb1, 0xb3, 0xb6, 0xb7,
                        0xbb, 0xbc, 0xbd, 0xbe, 0xbf, 0xc0, 0xc1, 0xc3, 0xc7 -> modrm(0);
                case 0xa4, 0xac, 0xba -> modrm(1);
                case 0xb8 -> repeated ? modrm(0) : null;
                default -> switch (operation & 0xf0) {
                    case 0x40, 0x90 -> modrm(0);
                    case 0x80 -> relative(Flow.BRANCH, 4);
                    default -> (operation & 0xf8) == 0xc8 ? plain(0) : null;
                };
            };
        }

        private int next() {
            return code[at++] & 0xff;
        }

        private int immediate() {
            return wordSized && (rex & REX_W) == 0 ? 2 : 4;
        }

        private Instruction plain(int bytes) {
            return of(Flow.PLAIN, bytes);
        }

        private Instruction of(Flow flow, int bytes) {
            int length = at + bytes - start;
            return start + length > code.length ? null : new Instruction(length, flow, 0);
        }

        private Instruction modrm(int bytes) {
            return modrm(bytes, Flow.PLAIN);
        }

        private Instruction modrm(int bytes, Flow flow) {
            int modes = next();
            int mode = modes >> 6;
            int register = modes & 7;
            if (mode != 3 && register == 4) {
                register = next() & 7;
            }
            int displacement = mode == 1 ? 1 : mode == 2 || mode == 0 && register == 5 ? 4 : 0;
            return of(flow, displacement + bytes);
        }

        /** Its size prefix means different things to different makers. */
        private Instruction relative(Flow flow, int bytes) {
            if (wordSized) {
                return null;
            }
            int distance = 0;
            for (int i = 0; i < bytes; i++) {
                distance |= (code[at + i] & 0xff) << 8 * i;
            }
            distance = bytes == 1 ? (byte) distance : distance;
            int end = at + bytes;
            return new Instruction(end - start, flow, end + distance);
        }
    }
}
