/** Injection token of the resolved options. */
export const INSPECTOR_OPTIONS = Symbol.for('nestjs-mqtt-transport:inspector-options');
