import { Inject, Injectable } from '@nestjs/common';
import { HandlerMessages } from '../../asyncapi/document/handler-messages.js';
import { InspectedApplication, type InspectedHandler } from '../inspected-application.js';
import { messageForm } from '../views/message-form.js';
import type { FormView } from '../views/snapshot.js';

/** Forms for messages to handlers, from the schemas of the AsyncAPI document. */
@Injectable()
export class MessageForms {
  private messages: Promise<HandlerMessages> | undefined;

  constructor(@Inject(InspectedApplication) private readonly application: InspectedApplication) {}

  async of(handler: InspectedHandler): Promise<FormView> {
    this.messages ??= HandlerMessages.of(this.application.parts);
    const messages = await this.messages;
    return messageForm(handler, messages.of(handler), messages.components);
  }
}
