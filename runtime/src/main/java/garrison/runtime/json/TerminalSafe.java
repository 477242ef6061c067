// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

import com.fasterxml.jackson.core.SerializableString;
import com.fasterxml.jackson.core.io.CharacterEscapes;
import com.fasterxml.jackson.core.io.SerializedString;
import java.util.Locale;

/**
 * Escapes what JSON allows but a terminal obeys: DEL and the C1 controls (U+009B begins an escape sequence), line separators,
 * and the characters that reorder text. File names in events are chosen by attackers, and people read events on terminals.
 */
final class TerminalSafe extends CharacterEscapes {
    private static final long serialVersionUID = 1L;

    private static final int DEL = 0x7f;

    private final int[] ascii;

    TerminalSafe() {
        ascii = standardAsciiEscapesForJSON();
        ascii[DEL] = ESCAPE_STANDARD;
    }

    @Override
    public int[] getEscapeCodesForAscii() {
        return ascii;
    }

    @Override
    public SerializableString getEscapeSequence(int character) {
        boolean hostile = character >= 0x80 && character <= 0x9f
                || character == 0x2028 || character == 0x2029
                || character == 0x200e || character == 0x200f
                || character >= 0x202a && character <= 0x202e
                || character >= 0x2066 && character <= 0x2069;
        return hostile ? new SerializedString(String.format(Locale.ROOT, "\\u%04x", character)) : null;
    }
}
