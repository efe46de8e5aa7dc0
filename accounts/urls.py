"""Addresses of this room's pages."""

from django.urls import path

from accounts import key_views, views

urlpatterns = [
    path("join/<str:secret>", views.join, name="join"),
    path("settings/tenant", views.choose_tenant, name="choose_tenant"),
    path("settings/members", views.members, name="members"),
    path("settings/members/invite", views.new_invitation, name="new_invitation"),
    path(
        "settings/invitations/<uuid:invitation_id>/withdraw",
        views.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("settings/members/<int:membership_id>/role", views.member_role, name="member_role"),
    path("settings/members/<int:membership_id>/remove", views.member_removed, name="member_removed"),
    path("settings/api-keys", key_views.api_keys, name="api_keys"),
    path("settings/api-keys/new", key_views.new_api_key, name="new_api_key"),
    path("settings/api-keys/<slug:key_id>/revoke", key_views.revoke_key, name="revoke_key"),
]
