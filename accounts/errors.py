"""Why the API refuses a request, and why a webhook is not made or called: stable codes.

ApiRefused
├── KeyInvalid            invalid_key             no key of ours, or one that was revoked or is over
├── KeyReused             idempotency_key_reused  the key came before, with another request
├── StillRunning          request_in_progress     the first request with this key has not ended
├── TooManyKeys           too_many_keys           more API keys than one person needs
├── NotThisKey            key_not_allowed         what a key may not do to keys
├── NotReady              not_ready               it is not finished yet, or failed
└── Gone                  gone                    it was kept as long as was said, and is deleted

WebhookRefused
├── AddressInvalid      url_invalid         no address that could be called
├── PlainAddress        https_only          what is told of a person goes encrypted
├── AddressForbidden    address_forbidden   it leads to where only we could reach
├── PortForbidden       port_forbidden      public servers are called on port 443
├── TypesUnknown        event_type_unknown  no such type of event
├── TooManyWebhooks     too_many_webhooks   more than one person needs
├── WebhookDisabled     webhook_disabled    it is switched off
└── TooManyCalls        too_many_calls      too many tests and replays asked for by hand

FactorUnreadable        factor_unreadable   no key of ours opens someone's second factor
"""

from typing import ClassVar


class ApiRefused(Exception):
    code: ClassVar[str]


class KeyInvalid(ApiRefused):
    code = "invalid_key"


class KeyReused(ApiRefused):
    code = "idempotency_key_reused"


class StillRunning(ApiRefused):
    code = "request_in_progress"


class TooManyKeys(ApiRefused):
    code = "too_many_keys"


class NotThisKey(ApiRefused):
    code = "key_not_allowed"


class NotReady(ApiRefused):
    code = "not_ready"


class Gone(ApiRefused):
    code = "gone"


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


class FactorUnreadable(Exception):
    code: ClassVar[str] = "factor_unreadable"
    silent_variable_failure = True  # to a template it is nothing: no code is left
