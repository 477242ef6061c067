// SPDX-License-Identifier: Apache-2.0
package garrison.cfimonitor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LaterPlacesTest {
    private static final String ENTRY = "0f1f440000"; // nopl: nobody traces

    private static byte[] bytes(String... hex) {
        return HexFormat.of().parseHex(String.join("", hex));
    }

    private static int length(String hex) {
        return Instruction.at(bytes(hex, "00000000000000000000000000000000"), 0).map(Instruction::length).orElse(0);
    }

    @Test
    void lengths_ofWhatTheKernelIsMadeOf() {
        for (String one : List.of("55", "4157", "4889e5", "4883ec10", "4881ec00010000", "488b05aabbccdd", "65488b0425c0fd0100", "c744240800000000",
                "66c74424080000", "f7c300020000", "f7d8", "f6430401", "0fb6c0", "488d7c2408", "48b8ffffffffffff0100", "b801000000", "66b80100",
                "f0480fb117", "e800000000", "e900000000", "ebfe", "7405", "0f8400000000", "c3", "cc", "0f0b", "660f1f840000000000",
                "2e660f1f840000000000", "f30f1efa", "0fba6b2003", "480fa4c20a", "4885c0", "ff15aabbccdd", "ffd0", "41ffe3", "f3a4", "f3480fb8c1",
                "8b848801020304", "4c8b3c2500000000", "0f94c0", "480f44c2", "0fae00", "6a01", "6800010000", "9c", "fa")) {
            assertEquals(one.length() / 2, length(one), one);
        }
    }

    @Test
    void whatIsNotKnown_isRefused_asIsWhatIsCutOff() {
        for (String one : List.of("06", "62", "c5f877", "d9c0", "0f05", "0f28c1", "0f38f0c1", "9a", "ea", "ec", "cf", "66e900000000")) {
            assertEquals(0, length(one), one);
        }
        assertEquals(Optional.empty(), Instruction.at(bytes("48b80000"), 0));
        assertEquals(Optional.empty(), Instruction.at(bytes("e80000"), 0));
        assertEquals(Optional.empty(), Instruction.at(bytes("66666666666666666666666666666690"), 0));
    }

    @Test
    void straightFunction_hasAllItsPlainInstructions_andNoneThatMovesTheStack() {
        // push; mov; call; xor; pop; ret
        assertEquals(List.of(6, 14), LaterPlaces.in(bytes(ENTRY, "53", "4889fb", "e800000000", "31c0", "5b", "c3")));
    }

    @Test
    void sideWays_areLeftOut_andWhereTheyMeetAgainCounts() {
        // test; je +2; xor ebx,ebx (not always); mov; ret
        assertEquals(List.of(5, 12), LaterPlaces.in(bytes(ENTRY, "4885ff", "7402", "31db", "4889d8", "c3")));
    }

    @Test
    void loops_areLeftOut() {
        // mov ecx,3; dec ecx; jne to dec; mov; ret
        assertEquals(List.of(5, 14), LaterPlaces.in(bytes(ENTRY, "b903000000", "ffc9", "75fc", "4889d8", "c3")));
    }

    @Test
    void detours_toTrapsAndToTheColdPart_doNotCount() {
        // test; je to ud2; js far away; mov; jmp to the return thunk; ud2
        assertEquals(List.of(5, 16), LaterPlaces.in(bytes(ENTRY, "4885ff", "740e", "0f88ffff0000", "4889d8", "e9ffff0000", "0f0b")));
    }

    @Test
    void entryOfAKernelThatMarksTargets_isSkippedTogetherWithTheTracersCall() {
        assertEquals(List.of(9), LaterPlaces.in(bytes("f30f1efa", "e811223344", "31c0", "c3")));
    }

    @Test
    void functionsThatCannotBeTraced_orAreNotUnderstood_haveNone() {
        assertEquals(List.of(), LaterPlaces.in(bytes("53", "5b", "c3", "90909090909090")));
        assertEquals(List.of(), LaterPlaces.in(bytes(ENTRY, "31c0", "0f05", "c3")));
        assertEquals(List.of(), LaterPlaces.in(bytes(ENTRY, "31c0", "ffe0")), "an indirect jump may lead anywhere");
        assertEquals(List.of(), LaterPlaces.in(bytes(ENTRY, "31c0", "ebf7")), "a jump back to the entry's call");
        assertEquals(List.of(), LaterPlaces.in(bytes(ENTRY, "74fe0f", "c3")), "an instruction within another");
        assertTrue(LaterPlaces.in(new byte[0]).isEmpty());
    }

    @Test
    void functionThatNeverLeaves_hasNone() {
        assertEquals(List.of(), LaterPlaces.in(bytes(ENTRY, "31c0", "ebfe")));
    }
}
