import type { FieldView, FormView, Scalar } from '../views/snapshot.js';
import { element, labelled, setText } from './dom.js';

type Input = HTMLInputElement | HTMLSelectElement;

/** The payload of a message: as fields if the handler's schema is simple, or in JSON. */
export class PayloadEditor {
  readonly element: HTMLElement;
  private readonly json = element('textarea', { class: 'mono', spellcheck: 'false' });
  private readonly jsonField = labelled('Payload, in JSON', this.json, 'full');
  private readonly fields = element('fieldset', { class: 'full' });
  private readonly asJson = element('input', { type: 'checkbox' });
  private readonly choice = element('label', { class: 'row' }, this.asJson, 'Write the payload in JSON');
  private inputs: readonly (readonly [FieldView, Input])[] = [];

  constructor() {
    this.element = element('div', { class: 'full payload' }, this.fields, this.jsonField, this.choice);
    this.asJson.addEventListener('change', () => {
      if (this.asJson.checked) this.json.value = JSON.stringify(this.ofFields(), undefined, 2);
      this.showOne();
    });
    this.show(undefined);
  }

  /** @param form undefined when the schema of the payload is not known */
  show(form: FormView | undefined): void {
    this.inputs = (form?.fields ?? []).map((field) => [field, inputOf(field)]);
    this.fields.replaceChildren(
      element('legend', {}, 'Payload'),
      ...this.inputs.map(([field, input]) => fieldElement(field, input)),
    );
    this.json.value = form?.example ?? '{\n  \n}';
    this.asJson.checked = false;
    this.showOne();
  }

  /** @throws SyntaxError when the text is not JSON */
  value(): unknown {
    return this.showsFields ? this.ofFields() : (JSON.parse(this.json.value) as unknown);
  }

  private get showsFields(): boolean {
    return this.inputs.length > 0 && !this.asJson.checked;
  }

  private showOne(): void {
    this.choice.hidden = this.inputs.length === 0;
    this.fields.hidden = this.fields.disabled = !this.showsFields; // a disabled fieldset is not validated
    this.jsonField.hidden = this.showsFields;
  }

  private ofFields(): unknown {
    const values = this.inputs.map(([field, input]) => [field.name, valueOf(field, input)] as const);
    const [[name, only]] = values as [(typeof values)[number]];
    if (name === undefined) return only;
    return Object.fromEntries(values.filter(([, value]) => value !== undefined));
  }
}

function fieldElement({ name = 'Value', required, description }: FieldView, input: Input): HTMLElement {
  const label = labelled(required ? name : `${name} (optional)`, input);
  if (description !== undefined) {
    const hint = element('span', { class: 'sub' });
    setText(hint, description);
    label.append(hint);
  }
  return label;
}

function inputOf(field: FieldView): Input {
  if (field.kind === 'choice') return selectOf(field);
  const input = element('input', field.kind === 'text' ? {} : { type: 'number', step: stepOf(field) });
  const { required, minimum, maximum, minLength, maxLength, value } = field;
  input.required = required && (field.kind !== 'text' || (minLength ?? 0) > 0); // an empty string is a valid text
  if (minimum !== undefined) input.min = String(minimum);
  if (maximum !== undefined) input.max = String(maximum);
  if (minLength !== undefined) input.minLength = minLength;
  if (maxLength !== undefined) input.maxLength = maxLength;
  if (value !== undefined) input.value = String(value);
  return input;
}

function stepOf({ kind }: FieldView): string {
  return kind === 'integer' ? '1' : 'any';
}

function selectOf({ choices = [], required, value }: FieldView): HTMLSelectElement {
  const select = element('select');
  const options = choices.map((choice, i) => {
    const option = element('option', {}, String(choice));
    option.value = String(i);
    option.selected = choice === value;
    return option;
  });
  select.append(...(required ? [] : [element('option', { value: '' }, '–')]), ...options);
  return select;
}

/** Undefined for an optional field that is empty. */
function valueOf(field: FieldView, { value }: Input): Scalar | undefined {
  if (field.kind === 'text') return value === '' && !field.required ? undefined : value;
  if (value === '') return undefined;
  return field.kind === 'choice' ? field.choices![Number(value)] : Number(value);
}
