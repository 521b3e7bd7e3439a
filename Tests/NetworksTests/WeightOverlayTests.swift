import Layers
import Tensors
import TestSupport
import Testing

/// Deltas and replacements over the weights of a store.
@Suite struct WeightOverlayTests {
    let base = WeightStore(tensors: [
        "a.weight": Tensor([1, 2, 3, 4] as [Float], shape: [2, 2]), "a.bias": Tensor([5, 6] as [Float]),
    ])

    func values(_ store: WeightStore, _ name: String, _ shape: [Int]) throws -> [Float] {
        try store.weights.tensor(name, shape, .zeros).floats
    }

    @Test("Deltas are added as often as their scale says, replacements replace, and the base stays as it was")
    func changes() throws {
        let delta = Tensor([1, 0, -1, 8] as [Float], shape: [2, 2])
        let added = try base.overlaid(with: .adding(["a.weight": delta], scale: 0.5))
        let replaced = try base.overlaid(with: .replacing(["a.bias": Tensor([9, 9] as [Float])]))
        #expect(try values(added, "a.weight", [2, 2]) == [1.5, 2, 2.5, 8])
        #expect(try values(added, "a.bias", [2]) == [5, 6])
        #expect(try values(replaced, "a.weight", [2, 2]) == [1, 2, 3, 4])
        #expect(try values(replaced, "a.bias", [2]) == [9, 9])
        #expect(try values(base, "a.weight", [2, 2]) == [1, 2, 3, 4])
        #expect(try values(base, "a.bias", [2]) == [5, 6])
        #expect(added.shape(of: "a.weight") == [2, 2] && added.weights["a"].holds("bias"))
    }

    @Test("Overlays lie one over the other")
    func stacked() throws {
        let overlay = WeightOverlay.adding(["a.bias": Tensor([1, 2] as [Float])])
        let both = try base.overlaid(with: overlay).overlaid(with: overlay)
        #expect(try values(both, "a.bias", [2]) == [7, 10])
        let last = try both.overlaid(with: .replacing(["a.bias": Tensor([0, 0] as [Float])]))
        #expect(try values(last, "a.bias", [2]) == [0, 0])
    }

    @Test("Sums over 16-bit files are as precise as the network computes, not as the file is")
    func precision() throws {
        let folder = Fixtures.model("tiny-half") + "/unet"
        let file = try SafetensorsFile(path: folder + "/diffusion_pytorch_model.safetensors")
        let half = try file.tensor("conv_out.bias")
        #expect(half.dtype == .float16)
        let delta = Tensor.full(half.shape, 1e-6)
        let overlay = WeightOverlay.adding(["conv_out.bias": delta])
        for (dtype, wanted) in [
            (DType.float32, half.to(dtype: .float32) + delta),
            (.bfloat16, (half.to(dtype: .float32) + delta + delta).to(dtype: .bfloat16)),
        ] {
            let store = try WeightStore(folder: folder, name: "diffusion_pytorch_model", dtype: dtype)
            var overlaid = try store.overlaid(with: overlay)
            if dtype == .bfloat16 { overlaid = try overlaid.overlaid(with: overlay) }
            let found = try overlaid.weights.tensor("conv_out.bias", half.shape, .zeros)
            #expect(found.dtype == dtype && found.isEqual(to: wanted))
        }
    }

    @Test("Tensors in memory keep their dtype, and gradients reach deltas that record them")
    func gradients() throws {
        let narrow = WeightStore(tensors: ["w": Tensor([1, 2] as [Float]).to(dtype: .bfloat16)])
        let delta = Tensor([0.5, 0.5] as [Float]).requiringGradient
        let sum = try narrow.overlaid(with: .adding(["w": delta], scale: 3)).weights.tensor("w", [2], .zeros)
        #expect(sum.dtype == .bfloat16 && sum.floats == [2.5, 3.5])
        #expect(gradient(of: sum.to(dtype: .float32).sum, withRespectTo: delta).floats == [3, 3])
    }

    @Test("A name or a shape that the base does not have is refused at once, the first of the alphabet")
    func refusals() throws {
        let row = Tensor([1, 2] as [Float])
        let unknown = #expect(throws: WeightError.self) {
            try base.overlaid(with: .adding(["z": row, "b.weight": row, "a.bias": row]))
        }
        #expect(unknown == .unknownChange(name: "b.weight", place: "the tensors given"))
        #expect(
            unknown?.description
                == "the overlay changes tensor b.weight, which is not in the tensors given; was it made for another "
                + "network?")
        for overlay in [WeightOverlay.adding(["a.weight": row]), .replacing(["a.weight": row])] {
            let shape = #expect(throws: WeightError.self) { try base.overlaid(with: overlay) }
            #expect(
                shape
                    == .changeShape(
                        name: "a.weight", found: [2], wanted: [2, 2], place: "the tensors given"))
            #expect(
                shape?.description
                    == "the overlay's tensor a.weight has shape [2], but that in the tensors given has [2, 2]; was it "
                    + "made for another network?")
        }
        #expect(
            throws: WeightError.unknownChange(
                name: "a", place: "a network that is yet to be initialised")
        ) { try WeightStore(initializing: 1).overlaid(with: .adding(["a": row])) }
    }
}
