import Diffusion
import Editing
import Foundation
import Imaging
import Service
import Support
import Vault

extension Problem {
    /// What any error means for whoever asked.
    package init(describing error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let error as VaultError: self.init(error)
        case let error as EditingError: self.init(error)
        case let error as ImagingError: self.init(error)
        case is WorkPool.Busy: self.init("busy", 503, "\(error)", retryAfter: 2)
        case let error as any UserError: self.init(error)
        case is CancellationError: self.init("stopping", 503, "it was stopped", retryAfter: 2)
        default: self.init("fault", 500, "something went wrong: \(type(of: error))")
        }
    }

    private init(_ error: VaultError) {
        let text = "\(error)"
        switch error {
        case .noRoom, .overQuota: self.init("disk-full", 507, text)
        case .unknown: self.init("not-found", 404, text)
        case .gone: self.init("gone", 410, text)
        case .inUse, .wrongState: self.init("conflict", 409, text)
        case .keyUsed: self.init("idempotency-mismatch", 422, text)
        case .queueFull: self.init("queue-full", 429, text, retryAfter: 10)
        case .taken, .newer, .unusable: self.init("fault", 500, text)
        }
    }

    private init(_ error: EditingError) {
        let text = Naming.fields.text(of: error)
        switch error {
        case .unknownMethod(let name, let known):
            self.init("unknown-method", 422, text, field: "method", nearest: known.nearest(to: name))
        case .unknownOption(let name, _, let known):
            self.init("unknown-option", 422, text, field: "options.\(name)", nearest: known.nearest(to: name))
        case .badValue(let name, _, let expected):
            let field = name.hasPrefix("option ") ? "options." + name.dropFirst(7) : name
            self.init("bad-value", 422, text, field: field, expected: expected)
        case .emptyPrompt: self.init("missing", 422, text, field: "prompt")
        case .missing: self.init("missing", 422, text)
        case .wrongModel: self.init("wrong-model", 409, text, field: "model")
        case .diverged, .noMemoryToTune: self.init("fault", 500, text)
        default: self.init("bad-value", 422, text)
        }
    }

    private init(_ error: ImagingError) {
        let text = Naming.fields.text(of: error)
        switch error {
        case .tooManyPixels(_, _, _, let limit):
            self.init("too-many-pixels", 413, text, expected: "at most \(limit) pixels")
        case .notAnImage: self.init("not-a-picture", 415, text)
        case .unsuitable, .formatNotSupported, .unknownExtension: self.init("unsupported", 415, text)
        case .emptyFile, .damaged, .badProfile, .unreadable: self.init("not-a-picture", 422, text)
        case .diskFull: self.init("disk-full", 507, text)
        case .unfitOption, .cannotEncode: self.init("bad-value", 422, text)
        case .missingFile: self.init("gone", 410, text)
        default: self.init("fault", 500, text)
        }
    }

    private init(_ error: any UserError) {
        let text = Naming.fields.text(of: error)
        switch (error, error.kind) {
        case (is MaskError, _): self.init("bad-mask", 422, text, field: "mask")
        case (let error as SystemFailure, _) where [ENOSPC, EDQUOT].contains(error.number):
            self.init("disk-full", 507, text)
        case (is ModelPlacesError, .missing): self.init("not-found", 404, text, field: "model")
        case (_, .request): self.init("bad-value", 422, text)
        case (_, .missing): self.init("not-found", 404, text)
        case (_, .unsupported): self.init("wrong-model", 409, text)
        case (_, .badInput): self.init("bad-value", 422, text)
        case (_, .environment), (_, .fault): self.init("fault", 500, text)
        }
    }
}
