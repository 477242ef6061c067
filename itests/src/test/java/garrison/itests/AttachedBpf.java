// SPDX-License-Identifier: Apache-2.0
package garrison.itests;

import java.util.List;

/** What of BPF is in the kernel, as bpftool sees it. In a guest all of it is Garrison's. */
public final class AttachedBpf {
    private AttachedBpf() {}

    /** One line a link. */
    public static List<String> links() {
        return list("link");
    }

    /** One line a program. */
    public static List<String> programs() {
        return list("prog");
    }

    /** One line a map. */
    public static List<String> maps() {
        return list("map");
    }

    private static List<String> list(String kind) {
        return Json.objects(Json.parse(Command.run("bpftool", "-j", kind, "show").success())).stream()
                .map(Object::toString).toList();
    }
}
