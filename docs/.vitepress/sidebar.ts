/** A page of the site; `page` is its path below docs/, without `.md`. */
export interface SidebarPage {
  readonly text: string;
  readonly page: string;
}

/** A group of pages. */
export interface SidebarGroup {
  readonly text: string;
  readonly pages: readonly SidebarPage[];
}

/** All pages, in the order in which a user needs them. */
export const sidebar: readonly SidebarGroup[] = [
  {
    text: 'Start',
    pages: [
      { text: 'Why, and when not', page: 'guide/why' },
      { text: 'Install', page: 'guide/install' },
      { text: 'Quick start', page: 'guide/quick-start' },
    ],
  },
  {
    text: 'Guide',
    pages: [
      { text: 'Handlers', page: 'guide/handlers' },
      { text: 'Payloads and codecs', page: 'guide/payloads' },
      { text: 'Calling', page: 'guide/calling' },
      { text: 'Publishing and listening', page: 'guide/publishing-and-listening' },
      { text: 'Acknowledgement and failure', page: 'guide/acknowledgement' },
      { text: 'When a handler fails', page: 'failures' },
      { text: 'Order', page: 'order' },
      { text: 'Deduplication', page: 'deduplication' },
      { text: 'From one process to many', page: 'guide/groups-and-scaling' },
      { text: 'Sessions and reconnecting', page: 'guide/sessions-and-reconnecting' },
      { text: 'Security', page: 'guide/security' },
      { text: 'Testing', page: 'guide/testing' },
    ],
  },
  {
    text: 'Operations',
    pages: [
      { text: 'Kubernetes checklist', page: 'operations/kubernetes' },
      { text: 'Health', page: 'operations/health' },
      { text: 'Logs and events', page: 'operations/logs' },
      { text: 'Observers', page: 'observers' },
      { text: 'Metrics', page: 'observability/metrics' },
      { text: 'Tracing', page: 'tracing' },
      { text: 'Shutdown', page: 'operations/shutdown' },
    ],
  },
  {
    text: 'Recipes',
    pages: [
      { text: 'Validation', page: 'recipes/validation' },
      { text: 'HTTP error mapping', page: 'recipes/http-errors' },
      { text: 'SSE and WebSocket', page: 'recipes/sse-and-websocket' },
      { text: 'Several brokers', page: 'recipes/several-brokers' },
      { text: 'Request scope', page: 'recipes/request-scope' },
      { text: 'CQRS', page: 'recipes/cqrs' },
      { text: 'Outbox', page: 'recipes/outbox' },
      { text: 'Monorepo', page: 'recipes/monorepo' },
      { text: 'AsyncAPI', page: 'asyncapi' },
      { text: 'The inspector', page: 'inspector' },
    ],
  },
  {
    text: 'Help',
    pages: [
      { text: 'Troubleshooting', page: 'troubleshooting' },
      { text: 'From Transport.MQTT', page: 'migration/from-transport-mqtt' },
      { text: 'From nest-mqtt', page: 'migration/from-nest-mqtt' },
    ],
  },
  {
    text: 'Reference',
    pages: [
      { text: 'Options', page: 'reference/options' },
      { text: 'Errors', page: 'reference/errors' },
      { text: 'Wire contract', page: 'reference/wire-contract' },
      { text: 'Brokers', page: 'brokers' },
      { text: 'Interoperability', page: 'interoperability' },
      { text: 'FastStream, feature by feature', page: 'reference/faststream' },
      { text: 'Performance', page: 'performance' },
      { text: 'Design', page: 'design' },
    ],
  },
];

export const pages: readonly SidebarPage[] = sidebar.flatMap((group) => group.pages);
