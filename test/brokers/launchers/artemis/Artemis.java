import org.apache.activemq.artemis.core.config.impl.ConfigurationImpl;
import org.apache.activemq.artemis.core.server.embedded.EmbeddedActiveMQ;

/** java Artemis.java (port): the embedded broker, in memory, with MQTT alone. */
public class Artemis {
    public static void main(final String[] args) throws Exception {
        new EmbeddedActiveMQ()
                .setConfiguration(new ConfigurationImpl()
                        .setPersistenceEnabled(false)
                        .setSecurityEnabled(false)
                        .addAcceptorConfiguration("mqtt", "tcp://127.0.0.1:" + args[0] + "?protocols=MQTT"))
                .start();
    }
}
