from django.urls import path

from billing.api import ledger

urlpatterns = [
    path("credits", ledger.CreditsView.as_view(), name="credits"),
    path("credits/ledger", ledger.LedgerView.as_view(), name="ledger"),
]
