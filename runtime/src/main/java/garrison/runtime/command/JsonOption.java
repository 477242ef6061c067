// SPDX-License-Identifier: Apache-2.0
package garrison.runtime.command;

import garrison.runtime.json.JsonText;
import java.util.List;
import java.util.function.Supplier;
import org.apache.commons.cli.Option;

/** For people or for machines. */
final class JsonOption {
    private JsonOption() {}

    static Option option() {
        return Option.builder().longOpt("json").desc("Print one JSON value in one line instead of text for people.").get();
    }

    static void print(Call call, Object value, Supplier<List<String>> text) {
        if (call.has("json")) {
            call.out().println(JsonText.write(value));
        } else {
            text.get().forEach(call.out()::println);
        }
    }
}
