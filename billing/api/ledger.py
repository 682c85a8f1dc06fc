"""What the API answers of credits: to read only, since no key may buy."""

from rest_framework.response import Response

from accounts.rest import ApiRequest, ApiView, describe, listed, page_of
from accounts.rest.paging import Page
from billing import services
from billing.models import Account, Entry
from billing.serializers import Credits, EntryShape


class CreditsView(ApiView):
    resource = "billing"

    @describe("Read your credits", Credits)
    def get(self, request: ApiRequest) -> Response:
        account = Account.objects.get(user=request.user)
        balance = services.balance_of(account)
        return Response(
            {
                "available": balance.available,
                "reserved": balance.reserved,
                "monthly": balance.monthly,
                "one_off": balance.one_off,
                "plan": services.standing_of(account).plan.code,
                "renews_at": account.renews_at,
                "is_frozen": services.is_frozen(account),
            }
        )


class LedgerView(ApiView):
    resource = "billing"

    @describe("List the ledger", listed(EntryShape), query=Page)
    def get(self, request: ApiRequest) -> Response:
        rows = Entry.objects.of(Account.objects.get(user=request.user))
        return page_of(self, rows, lambda entry: self.show(EntryShape, entry))
