"""The form of how a domain looks to its people."""

from __future__ import annotations

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Domain
from webmail.services.branding import MAX_BYTES, Look


class BrandingForm(forms.Form):
    """Name, logo and sender of one domain."""

    title = forms.CharField(label=_("Name people see"), max_length=80, required=False)
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    without_logo = forms.BooleanField(label=_("Remove the logo"), required=False)
    sender_name = forms.CharField(label=_("Sender name"), max_length=80, required=False)
    sender_address = forms.CharField(label=_("Sender address"), max_length=254, required=False)

    def __init__(
        self,
        data: QueryDict | None = None,
        files: MultiValueDict[str, UploadedFile[bytes]] | None = None,
        *,
        domain: Domain,
    ) -> None:
        names = ("title", "sender_name", "sender_address")
        super().__init__(data, files, initial={name: getattr(domain, name) for name in names})
        for name in names:
            self.fields[name].widget.attrs |= {"class": "input", "autocomplete": "off"}
        self.fields["title"].widget.attrs["dir"] = "auto"
        self.fields["sender_address"].widget.attrs |= {
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
            "placeholder": f"no-reply@{domain.name}",
        }

    @property
    def look(self) -> Look:
        """What the form says, once it is valid; of a file no more than is needed to refuse it."""
        values = self.cleaned_data
        file: UploadedFile[bytes] | None = values["logo"]
        return Look(
            title=_one_line(values["title"]),
            sender_name=_one_line(values["sender_name"]),
            sender_address=values["sender_address"],
            logo=file.read(MAX_BYTES + 1) if file else None,
            without_logo=values["without_logo"],
        )

    def take(self, error: ValidationError) -> None:
        """Show what the service says at its fields."""
        for name, errors in error.error_dict.items():
            for one in errors:
                self.add_error(name, one)


def _one_line(text: str) -> str:
    return " ".join(text.split())
