# SPDX-License-Identifier: Apache-2.0
"""From the first FETCH to the request for the upgrade: the section "Downloads" of ``doc/engine.md``."""

from __future__ import annotations

from dataclasses import replace

from aws_fota.oracle.engine_io import ActionId, FetchError, HttpResponse, Phase, Tell, Verified
from aws_fota.oracle.engine_procedures import Procedures
from aws_fota.oracle.engine_reasons import Reason
from aws_fota.oracle.outcome import JobStatus, Scheme, Url
from aws_fota.oracle.record import ETAG_MAX, etag_is_plain
from aws_fota.oracle.url import split_url

REDIRECTS_MAX = 3
REFRESHES_MAX = 2
#: Times that the bootloader is asked for an upgrade, or met again with it still pending, before that is its refusal.
UPGRADE_TRIES = 3
#: Retries are a byte of the record.
RETRIES_CEILING = 255
#: Seconds before the second try of a FETCH.
FIRST_WAIT_S = 2

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_WORTH_ANOTHER_TRY = frozenset({408, 425, 429, *range(500, 600)})


class Downloads(Procedures):
    """What happens while an object is fetched, written, verified and applied."""

    @property
    def url(self) -> Url:
        """The URL in the message's job."""
        url = self.state.outputs.get("url")
        return url if isinstance(url, Url) else Url()

    @property
    def fetch_length(self) -> int:
        job = self.job_state
        return min(self.settings.range_size, job.size - job.offset)

    def fetch(self) -> None:
        self.work(ActionId.FETCH, self.job_state.offset, self.fetch_length)
        self.state.phase = Phase.REQUESTING

    def download(self) -> None:
        if self.job_state.offset == self.job_state.size:
            self.work(ActionId.VERIFY)
            self.state.phase = Phase.VERIFYING
        elif self.state.paused:
            self.state.phase = Phase.PAUSED
        else:
            self.fetch()

    def http_response(self, response: HttpResponse) -> None:
        if self.state.phase is not Phase.REQUESTING:
            return
        status = response.status
        if status == 206:
            self.partial_content(response)
        elif status == 200:
            self.whole_object(response)
        elif status == 412:
            self.restart()
        elif status == 403:
            self.forbidden()
        elif status in _REDIRECTS:
            self.redirected(response.location)
        elif status in _WORTH_ANOTHER_TRY:
            self.try_again(Reason.HTTP_STATUS, status)
        else:
            self.fail(JobStatus.FAILED, Reason.HTTP_STATUS, status)

    def partial_content(self, response: HttpResponse) -> None:
        job = self.job_state
        last_asked_for = job.offset + self.fetch_length - 1
        if response.content_range is None:
            self.fail(JobStatus.FAILED, Reason.CONTENT_RANGE)
            return
        start, end, total = response.content_range
        if start != job.offset or end < start or end > last_asked_for:
            self.fail(JobStatus.FAILED, Reason.CONTENT_RANGE)
        elif total != job.size:
            self.fail(JobStatus.FAILED, Reason.SIZE, total)
        elif job.etag is not None and response.etag != job.etag:
            self.restart()
        else:
            job.etag = usable_etag(response.etag)
            job.streaming = False
            job.range_end = end + 1
            self.accept()

    def whole_object(self, response: HttpResponse) -> None:
        job = self.job_state
        if job.offset != 0:
            if job.restarted:
                self.fail(JobStatus.FAILED, Reason.NO_RANGES)
            else:
                job.restarted = True
                self.restart()
        elif response.content_length is None:
            self.fail(JobStatus.FAILED, Reason.NO_LENGTH)
        elif response.content_length != job.size:
            self.fail(JobStatus.FAILED, Reason.SIZE, response.content_length)
        else:
            job.etag = None
            job.streaming = True
            job.range_end = job.size
            self.accept()

    def forbidden(self) -> None:
        """A URL that has expired, most likely: a fresh one is asked for."""
        job = self.job_state
        if job.refreshes == REFRESHES_MAX:
            self.fail(JobStatus.FAILED, Reason.HTTP_STATUS, 403)
            return
        job.refreshes += 1
        self.abort()
        self.state.phase = Phase.REFRESHING
        self.state.job_due = True

    def redirected(self, location: bytes | None) -> None:
        job = self.job_state
        target = None if location is None or job.redirects == REDIRECTS_MAX else self.redirect_target(location)
        if target is None:
            self.fail(JobStatus.FAILED, Reason.REDIRECT)
            return
        job.redirects += 1
        self.state.outputs = {**self.state.outputs, "url": target}
        self.abort()
        self.fetch()

    def redirect_target(self, location: bytes) -> Url | None:
        """The URL that a Location leads to, or None where it must not be followed."""
        path_only = location.startswith(b"/") and not location.startswith(b"//")
        # Any authority does to have the path read by the rules of a URL.
        split = split_url(b"https://host" + location if path_only else location, self.settings)
        if not isinstance(split, Url):
            return None
        if path_only:
            return replace(self.url, path=split.path)
        cleartext = split.scheme is Scheme.HTTP
        if cleartext and (self.url.scheme is Scheme.HTTPS or not self.settings.allow_http):
            return None
        return split

    def accept(self) -> None:
        job = self.job_state
        job.redirects = 0
        if not job.erased:
            self.persist()
            self.tell(Tell.ERASE_PENDING)
            self.work(ActionId.ERASE, job.offset)
            self.state.phase = Phase.ERASING
            return
        if job.offset == 0:
            self.persist()
        self.receive()

    def receive(self) -> None:
        self.work(ActionId.RECEIVE)
        self.state.phase = Phase.RECEIVING

    def erased(self, error: int) -> None:
        if self.state.phase is Phase.ERASING:
            self.erased_for_download(error)
        elif self.state.phase is Phase.REVERTING and not self.runs_the_slot_image:
            self.erased_for_cancel(error)

    def erased_for_download(self, error: int) -> None:
        if error:
            self.fail(JobStatus.FAILED, Reason.FLASH, abs(error))
            return
        self.job_state.erased = True
        self.tell(Tell.ERASE_DONE)
        if self.state.paused:
            self.abort()
            self.state.phase = Phase.PAUSED
        else:
            self.receive()

    def erased_for_cancel(self, error: int) -> None:
        job = self.job_state
        if error and job.retries < UPGRADE_TRIES:
            job.retries += 1
            self.persist()
            self.tell(Tell.DONE)
        elif job.reason >= Reason.ENDED:
            self.close()
        else:
            self.fail(JobStatus.FAILED, job.reason)

    def written(self, end: int) -> None:
        job = self.job_state
        if self.state.phase is not Phase.RECEIVING or not job.offset < end <= job.range_end:
            return
        before = job.percent
        job.offset = end
        job.refreshes = 0
        step = self.description.options.progress_step_percent
        if job.percent != before:
            self.tell(Tell.PROGRESS, job.percent)
        if job.percent // step > job.reported // step and job.percent < 100:
            self.state.update_due = True
        boundary = job.offset - job.offset % self.settings.resume_step
        if not job.streaming and job.etag is not None and boundary > job.persisted:
            job.persisted = boundary
            self.persist()
        if job.offset == job.range_end:
            self.download()

    def fetch_failed(self, error: FetchError) -> None:
        if self.state.phase not in (Phase.REQUESTING, Phase.RECEIVING):
            return
        final = {
            FetchError.FLASH: Reason.FLASH,
            FetchError.SIZE: Reason.SIZE,
            FetchError.IMAGE: Reason.IMAGE,
        }
        if error in final:
            self.fail(JobStatus.FAILED, final[error])
        else:
            self.try_again(Reason.CONNECTION, error)

    def restart(self) -> None:
        """From the first byte, because the object is another one or ranges cannot be had."""
        job = self.job_state
        if job.tries >= self.settings.retries_max:
            self.fail(JobStatus.FAILED, Reason.OBJECT_CHANGED)
            return
        job.tries += 1
        self.abort()
        self.forget_what_was_written()
        self.fetch()

    def forget_what_was_written(self) -> None:
        job = self.job_state
        job.offset = job.persisted = 0
        job.etag = None
        job.erased = job.streaming = job.resumed = False

    def try_again(self, reason: Reason, detail: int) -> None:
        job = self.job_state
        if job.offset > job.mark:
            job.tries = 0
            job.mark = job.offset
        if job.tries >= self.settings.retries_max:
            self.fail(JobStatus.FAILED, reason, detail)
            return
        job.tries += 1
        self.abort()
        self.start_over_when_streaming()
        self.state.phase = Phase.WAITING
        self.start_download_timer(self.wait(FIRST_WAIT_S, job.tries))

    def download_timer_expired(self) -> None:
        if self.state.phase is not Phase.WAITING:
            return
        if self.job_state.streaming:
            self.state.phase = Phase.REFRESHING
            self.state.job_due = True
        else:
            self.download()

    def start_over_when_streaming(self) -> None:
        if self.job_state.streaming:
            self.job_state.offset = 0
            self.job_state.erased = False

    def pause(self) -> None:
        self.state.paused = True
        if self.state.phase in (Phase.REQUESTING, Phase.RECEIVING):
            self.abort()
            self.start_over_when_streaming()
            self.state.phase = Phase.PAUSED

    def resume(self) -> None:
        self.state.paused = False
        if self.state.phase is Phase.PAUSED:
            self.download()

    def verified(self, result: Verified) -> None:
        job = self.job_state
        if self.state.phase is not Phase.VERIFYING:
            return
        if result.error:
            self.fail(JobStatus.FAILED, Reason.FLASH, abs(result.error))
        elif job.sha256 is not None and result.digest != job.sha256 and job.resumed:
            # The object may be right: what was resumed lay in flash while others ran.
            job.tries += 1
            self.forget_what_was_written()
            self.state.phase = Phase.REFRESHING
            self.state.job_due = True
        elif job.sha256 is not None and result.digest != job.sha256:
            self.fail(JobStatus.FAILED, Reason.DIGEST)
        elif not result.image_valid or result.hash is None:
            self.fail(JobStatus.FAILED, Reason.IMAGE)
        elif result.hash == self.state.running_hash:
            self.succeed()
        elif self.is_older(result):
            self.fail(JobStatus.REJECTED, Reason.DOWNGRADE)
        else:
            job.slot_hash = result.hash
            job.retries = min(job.retries + 1, RETRIES_CEILING)
            self.state.phase = Phase.APPLYING
            self.persist()
            self.work(ActionId.REQUEST_UPGRADE)

    def is_older(self, result: Verified) -> bool:
        """Whether what was downloaded is older than what runs, and may not be."""
        running = self.state.running_version
        return running is not None and result.version < running and not self.settings.allow_downgrade

    def upgrade_requested(self, error: int) -> None:
        if self.state.phase is not Phase.APPLYING:
            return
        if error:
            self.fail(JobStatus.FAILED, Reason.UPGRADE, abs(error))
        elif self.settings.report_on_download:
            self.succeed()
        else:
            self.state.phase = Phase.REBOOTING
            self.persist()
            self.tell(Tell.DONE)


def usable_etag(etag: bytes | None) -> bytes | None:
    """The ETag to send as If-Match, or None where it is no strong one, or none that can be kept."""
    if etag is None or etag.startswith(b"W/") or not 0 < len(etag) <= ETAG_MAX or not etag_is_plain(etag):
        return None
    return etag
