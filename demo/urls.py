"""The demo's addresses: those of production, and the login that its QR code carries."""

from django.urls import path

from dashboard.urls import urlpatterns as production
from demo.one_time_login import log_in

urlpatterns = [path("demo/login/<str:secret>", log_in, name="one-time-login"), *production]
