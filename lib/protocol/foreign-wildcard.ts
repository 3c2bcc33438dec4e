/** Wildcards of other systems, where MQTT has + and #: `*` and `**`, `>` of NATS, `:id` of routes; with `.` between levels, too. */
const FOREIGN = /(?:^|[/.])(\*{1,2}|>|:[A-Za-z_$][\w$]*)(?=$|[/.])/;

/** A level of `filter` that is a wildcard elsewhere, and a valid level like any other in MQTT; undefined when there is none. */
export function foreignWildcardIn(filter: string): string | undefined {
  return FOREIGN.exec(filter)?.[1];
}
