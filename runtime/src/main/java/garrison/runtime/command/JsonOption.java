// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.json.JsonText;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Supplier;
import picocli.CommandLine.Option;

/** For people or for machines. */
final class JsonOption {
    @Option(names = "--json", description = "Print one JSON value in one line instead of text for people.")
    private boolean json;

    void print(PrintWriter out, Object value, Supplier<List<String>> text) {
        if (json) {
            out.println(JsonText.write(value));
        } else {
            text.get().forEach(out::println);
        }
    }
}
