"""Why a webhook is not made or called, each with a stable code.

WebhookRefused
├── AddressInvalid      url_invalid         no address that could be called
├── PlainAddress        https_only          what is told of a person goes encrypted
├── AddressForbidden    address_forbidden   it leads to where only we could reach
├── PortForbidden       port_forbidden      public servers are called on port 443
├── TypesUnknown        event_type_unknown  no such type of event
├── TooManyWebhooks     too_many_webhooks   more than one person needs
├── WebhookDisabled     webhook_disabled    it is switched off
└── TooManyCalls        too_many_calls      too many tests and replays asked for by hand
"""

from typing import ClassVar


class WebhookRefused(Exception):
    code: ClassVar[str]


class AddressInvalid(WebhookRefused):
    code = "url_invalid"


class PlainAddress(WebhookRefused):
    code = "https_only"


class AddressForbidden(WebhookRefused):
    code = "address_forbidden"


class PortForbidden(WebhookRefused):
    code = "port_forbidden"


class TypesUnknown(WebhookRefused):
    code = "event_type_unknown"


class TooManyWebhooks(WebhookRefused):
    code = "too_many_webhooks"


class WebhookDisabled(WebhookRefused):
    code = "webhook_disabled"


class TooManyCalls(WebhookRefused):
    code = "too_many_calls"
