// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.json;

/** A text that is not the JSON it should be. */
public final class JsonSyntaxException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    JsonSyntaxException(String problem) {
        super(problem);
    }
}
