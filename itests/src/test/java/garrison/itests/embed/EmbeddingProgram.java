// SPDX-License-Identifier: Apache-2.0
package garrison.itests.embed;

import garrison.fileguard.FileAccessEvent;
import garrison.fileguard.FileGuard;
import garrison.framework.Garrison;
import java.io.IOException;
import java.nio.file.Path;

/** Somebody's program: guards a folder by Garrison as a library, says what was tried, ends at the end of its input. */
final class EmbeddingProgram {
    public static void main(String[] words) throws IOException {
        try (Garrison garrison = Garrison.builder()
                .config(Path.of(words[0]))
                .plugin(new FileGuard())
                .on(FileAccessEvent.class, event -> System.out.println(event.rule() + " " + event.path() + " " + event.verdict()))
                .start()) {
            System.out.println("guarding by " + garrison.status().plugins().getFirst().state());
            while (System.in.read() >= 0) {
                // Its own work would be here.
            }
        }
    }
}
