from django.urls import path

from billing import stripe_events, views

app_name = "billing"
urlpatterns = [
    path("pricing/", views.pricing, name="pricing"),
    path("billing/", views.detail, name="detail"),
    path("billing/ledger/", views.ledger, name="ledger"),
    path("billing/invoices/", views.invoices, name="invoices"),
    path("billing/buy/<slug:item>/", views.buy, name="buy"),
    path("billing/portal/", views.portal, name="portal"),
    path("stripe/events/", stripe_events.receive, name="stripe-events"),
]
