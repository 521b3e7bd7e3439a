import Layers
import Tensors

/// The timestep as a UNet's resnets are told of it: sinusoids through two linear layers.
struct TimeEmbedding {
    /// How the sinusoids are laid out.
    struct Shape {
        /// Sinusoids, those of the outermost channels (C₀).
        var channels: Int
        /// Width of the embedding.
        var width: Int
        /// Whether it begins with cosines.
        var flipSinToCos: Bool
        /// Shift of the frequencies.
        var freqShift: Double
    }

    private let shape: Shape
    private let linear1: Linear
    private let linear2: Linear

    /// Reads `linear_1` and `linear_2`.
    init(_ weights: Weights, _ shape: Shape) throws {
        self.shape = shape
        linear1 = try Linear(weights["linear_1"], shape.channels, shape.width)
        linear2 = try Linear(weights["linear_2"], shape.width, shape.width)
    }

    /// The embedding of timesteps, [B] → [B, width], before any resnet's activation.
    func callAsFunction(_ timesteps: Tensor, dtype: DType, _ activation: Activation) -> Tensor {
        linear2(activation(linear1(sinusoids(timesteps).to(dtype: dtype))))
    }

    /// Sinusoidal embedding of timesteps, [B] → [B, C₀] in float32.
    private func sinusoids(_ timesteps: Tensor) -> Tensor {
        let half = shape.channels / 2
        let places = Tensor.range(0, Double(half), device: timesteps.device)
        let exponents = places * -9.210340371976184 / (Double(half) - shape.freqShift)  // -ln 10000
        let angles = timesteps.to(dtype: .float32).unsqueezed(1) * exponents.exp.unsqueezed(0)
        let parts = shape.flipSinToCos ? [angles.cos, angles.sin] : [angles.sin, angles.cos]
        return .concatenated(parts, along: -1)
    }
}
