"""What a person keeps here, what goes soon, and the receipts of what went."""

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from accounts.http import AuthenticatedRequest
from mastering import services
from mastering.models import Farewell, Receipt

PAGE_ROWS = 20


@login_required
@require_safe
def storage(request: AuthenticatedRequest) -> HttpResponse:
    receipts = Paginator(Receipt.objects.of(request.user), PAGE_ROWS)
    context = {
        "keeps_days": services.keeps_days(request.user),
        "farewells": Farewell.objects.of(request.user),
        "page": receipts.get_page(request.GET.get("page")),
    }
    return render(request, "mastering/storage.html", context)
