"""What happened, for thirty days: the same objects as webhooks get, for those who ask instead."""

from rest_framework.response import Response

from accounts.models import Event
from accounts.rest import ApiRequest, ApiView, describe, listed, page_of
from accounts.serializers import EventQuery, EventShape


class EventsView(ApiView):
    resource = "events"

    @describe("List events", listed(EventShape), query=EventQuery, description="The newest first.")
    def get(self, request: ApiRequest) -> Response:
        asked = self.asked(EventQuery)
        rows = Event.objects.of(request.user).kept().filter(is_test=self.is_test)
        if types := asked.get("type"):
            rows = rows.filter(type__in=types)
        if subject := asked.get("subject"):
            rows = rows.filter(subject=subject)
        return page_of(self, rows, lambda event: self.show(EventShape, event), asked=asked)


class EventView(ApiView):
    resource = "events"

    @describe("Read an event", EventShape, errors=(404,))
    def get(self, request: ApiRequest, event_id: str) -> Response:
        rows = Event.objects.of(request.user).kept().filter(is_test=self.is_test)
        return Response(self.show(EventShape, self.find(rows, event_id)))
