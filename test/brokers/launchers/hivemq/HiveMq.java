import com.hivemq.configuration.service.InternalConfigurations;
import com.hivemq.embedded.EmbeddedHiveMQ;
import java.nio.file.Path;

/** java HiveMq.java (folder): the embedded broker, with its files in the folder. */
public class HiveMq {
    public static void main(final String[] args) {
        final Path folder = Path.of(args[0]);
        InternalConfigurations.AUTH_DENY_UNAUTHENTICATED_CONNECTIONS.set(false); // there is no security extension
        EmbeddedHiveMQ.builder()
                .withConfigurationFolder(folder.resolve("conf"))
                .withDataFolder(folder.resolve("data"))
                .withExtensionsFolder(folder.resolve("extensions"))
                .build()
                .start()
                .join();
    }
}
